import { head, type PageFiles } from '../page/html.ts';

/** Returns the operators' page, whose content the script renders. */
export const operatorsPage = (files: PageFiles): string => `${head({
  ...files,
  title: 'operators',
})}
<body>
<noscript><p>The page needs JavaScript. Every command is also one of admin.js.</p></noscript>
<div id="operators"></div>
</body>
</html>
`;
