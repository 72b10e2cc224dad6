// The script of the reference page. The page is complete without it, except for search, the choice
// of the language, and the forms.
import { copySamples } from './copy.ts';
import { shareCredentials } from './credentials.ts';
import { enableForms } from './forms.ts';
import { shareLanguage } from './languages.ts';
import { enableSearch } from './search.ts';
import './styles/base.css';
import './styles/layout.css';
import './styles/content.css';
import './styles/forms.css';

shareCredentials();
shareLanguage();
copySamples();
enableForms();
enableSearch();
