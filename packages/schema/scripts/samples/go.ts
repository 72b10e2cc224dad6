import { type Language, prettyJson, quoted, type SampleRequest, timeoutSeconds } from './sample.ts';

const rawString = (text: string) => (text.includes('`') ? quoted(text) : `\`${text}\``);

/** Go samples: single-file programs that use only the standard library. */
export const go: Language = {
  lang: 'Go',
  label: 'Go',
  source({ method, url, headers, body }: SampleRequest) {
    const hasBody = body !== undefined;
    const packages = [
      'context',
      'fmt',
      'io',
      'log',
      'net/http',
      ...(hasBody ? ['strings'] : []),
      'time',
    ];
    const requestBody = hasBody
      ? `\trequestBody := strings.NewReader(${rawString(prettyJson(body))})\n`
      : '';
    return `package main

import (
${packages.map((name) => `\t"${name}"`).join('\n')}
)

func main() {
	url := ${quoted(url)}
${requestBody}
	ctx, cancel := context.WithTimeout(context.Background(), ${timeoutSeconds}*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, ${quoted(method)}, url, ${hasBody ? 'requestBody' : 'nil'})
	if err != nil {
		log.Fatalln(err)
	}
${headers.map(([name, value]) => `\treq.Header.Add(${quoted(name)}, ${quoted(value)})\n`).join('')}	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatalln(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatalln(err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		log.Fatalln(res.Status, string(body))
	}
	fmt.Println(string(body))
}`;
  },
};
