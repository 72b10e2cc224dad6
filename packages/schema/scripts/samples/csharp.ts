import {
  indented,
  type Language,
  prettyJson,
  quoted,
  type SampleRequest,
  timeoutSeconds,
} from './sample.ts';

const verbatim = (text: string) => `@"${text.replaceAll('"', '""')}"`;

function content(body: unknown): string {
  if (body === undefined) return '';
  const json = indented(verbatim(prettyJson(body)), '      ');
  return `      request.Content = new StringContent(${json}, Encoding.UTF8, "application/json");\n`;
}

/**
 * Generates a single-file .NET program. It avoids top-level statements and raw strings so that Mono
 * can compile it too.
 */
export const csharp: Language = {
  lang: 'C#',
  label: 'C#',
  source({ method, url, headers, body }: SampleRequest) {
    // HttpClient expects Content-Type on the content and rejects it as a request header.
    const fields = headers
      .filter(([name]) => name !== 'Content-Type')
      .map(([name, value]) => `      request.Headers.Add(${quoted(name)}, ${quoted(value)});\n`);
    return `using System;
using System.Net.Http;
${body === undefined ? '' : 'using System.Text;\n'}using System.Threading.Tasks;

class Program
{
  static int Main()
  {
    return CallAsync().GetAwaiter().GetResult();
  }

  static async Task<int> CallAsync()
  {
    using (var client = new HttpClient { Timeout = TimeSpan.FromSeconds(${timeoutSeconds}) })
    using (var request = new HttpRequestMessage(new HttpMethod(${quoted(method)}), ${quoted(url)}))
    {
${fields.join('')}${content(body)}      using (var response = await client.SendAsync(request))
      {
        var responseBody = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
          Console.Error.WriteLine((int)response.StatusCode + " " + responseBody);
          return 1;
        }
        Console.WriteLine(responseBody);
        return 0;
      }
    }
  }
}`;
  },
};
