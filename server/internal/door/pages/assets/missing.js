// The page for a path that does not exist, in Korean for those who read it.

import { language, translate } from './language.js';

const ko = {
  'This page does not exist': '없는 페이지예요',
  'Perhaps you are looking for one of these:': '혹시 이 페이지를 찾으세요?',
  'the start page': '시작 페이지',
  'the quiz': '퀴즈',
  'the dashboard': '대시보드',
  'all calls for programs': '프로그램용 호출 목록',
  'every call, in the browser': '브라우저에서 보는 모든 호출',
};

if (language() === 'ko') {
  document.documentElement.lang = 'ko';
  document.title = '없는 페이지 · matchq';
  translate(document.body, ko);
}
