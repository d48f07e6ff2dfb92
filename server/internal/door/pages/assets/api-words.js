// The texts around the two documents. The English of most is in the page itself, for browsers without scripts.

export const words = {
  en: {
    page: 'API · matchq',
    home: 'matchq, start page',
    languages: 'Language',
    found: (n) => (n === 1 ? '1 found' : `${n} found`),
  },

  ko: {
    page: 'API · matchq',
    home: 'matchq, 시작 페이지',
    languages: '언어',
    found: (n) => `${n}개 찾음`,
    title: '이 서버의 호출과 이벤트',
    parts: '이 페이지의 구성',
    calls: 'HTTP 호출',
    events: '웹소켓 이벤트',
    types: '데이터 형식',
    openapi: 'OpenAPI 파일',
    asyncapi: 'AsyncAPI 파일',
    filter: '찾기',
    about: '모두에게 적용되는 내용',
    proofs: '신원 증명',
    proof: '신원 증명, 다음 중 하나:',
    client: '클라이언트가 보내는 이벤트',
    server: '서버가 보내는 이벤트',
    ofCalls: '호출에 쓰이는 형식',
    ofEvents: '이벤트에 쓰이는 형식',
    parameters: '매개변수',
    fields: '키',
    body: '요청 본문',
    example: '예시',
    replies: '응답 이벤트:',
    answers: '응답',
    required: '필수',
  },
};
