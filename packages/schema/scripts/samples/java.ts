import {
  indented,
  type Language,
  prettyJson,
  quoted,
  type SampleRequest,
  timeoutSeconds,
} from './sample.ts';

/**
 * Escapes text for a Java text block. Only backslashes and three consecutive quotes need escaping.
 */
const textBlock = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"""', '\\"""');

/** Java samples: single-file programs for Java 17 or newer, which run with `java Main.java`. */
export const java: Language = {
  lang: 'Java',
  label: 'Java',
  source({ method, url, headers, body }: SampleRequest) {
    const publisher =
      body === undefined
        ? 'BodyPublishers.noBody()'
        : `BodyPublishers.ofString("""\n      ${indented(textBlock(prettyJson(body)), '      ')}""")`;
    const fields = headers
      .map(([name, value]) => `      .header(${quoted(name)}, ${quoted(value)})\n`)
      .join('');
    return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

class Main {
  public static void main(String[] args) throws Exception {
    var body = ${publisher};

    HttpClient client = HttpClient.newBuilder()
      .connectTimeout(Duration.ofSeconds(10))
      .build();
    HttpRequest request = HttpRequest.newBuilder()
      .uri(URI.create(${quoted(url)}))
      .timeout(Duration.ofSeconds(${timeoutSeconds}))
${fields}      .method(${quoted(method)}, body)
      .build();

    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    if (response.statusCode() < 200 || response.statusCode() > 299) {
      System.err.println(response.statusCode() + " " + response.body());
      System.exit(1);
    }
    System.out.println(response.body());
  }
}`;
  },
};
