// Texts of the quiz beside those of demo-words.js: effects, reveal, recap, series, invitations by link.

// by is a number of victories with its particle, as it is read: 0으로 (영으로), 1로 (일로), 2로 (이로).
const by = (n) => `${n}${Number(n) === 0 ? '으로' : '로'}`;

export const more = {
  en: {
    sound: 'Sound',
    opponent: 'Your opponent',
    ready: 'ready',

    hasAnswered: 'done',
    wasRight: 'right',
    wasWrong: 'wrong',
    wasSilent: 'no answer',
    theirAnswer: (name) => `${name}’s answer`,
    countsDouble: 'double points',
    theRightOne: (answer) => `Right\u00a0is:\u00a0${answer}`,
    streak: (n) => `${n} in a row!`,

    waitedFor: (time) => `Waiting for ${time}`,
    estimate: (s) => `usually ${s === 1 ? '1 second' : `${s} seconds`}`,
    botOffer: 'Nobody else is here yet. The bot plays at once.',
    notify: 'Tell me when it starts',
    notifyBody: 'Come back to the tab with the quiz.',

    winCheer: 'Well played!',
    loseCheer: (n) => `${n === 1 ? '1 point' : `${n} points`} short. The next one is yours.`,
    seriesStands: (mine, theirs) => `Best of three: ${mine} : ${theirs}`,
    seriesWon: (mine, theirs) => `You win the best of three, ${mine} : ${theirs}`,
    seriesLost: (mine, theirs) => `Best of three: ${mine} : ${theirs} for your opponent`,
    nextOfThree: (name) => `Next of three with ${name}`,
    ratingNow: (n, change) => `Your rating: ${n} (${change < 0 ? '−' : '+'}${Math.abs(change)})`,
    recap: (n) => (n === 1 ? 'The question and its answer' : `All ${n} questions and answers`),
    noAnswerGiven: 'no answer',

    friend: 'Your friend',
    invite: 'Invite a friend',
    inviteTitle: 'Play with a friend',
    inviteHint: 'Send this link, or let your friend scan the code. The game starts when the friend opens it. Keep this page open.',
    inviteLocal: 'This address works on this computer only. For phones, open the quiz by the computer’s name or address in your network.',
    inviteCode: 'QR code of the link',
    copy: 'Copy the link',
    copied: 'Copied',
    selected: 'Selected: copy it now',
    share: 'Share…',
    joinTitle: (name) => `${name} invites you to a quiz`,
    joinAway: (name) => `${name} is not here at the moment. This page keeps asking.`,
    joinEnded: (name) => `${name} did not start the game.`,
    askAgain: 'Ask again',
  },

  ko: {
    sound: '소리',
    opponent: '상대',
    ready: '준비 완료',

    hasAnswered: '답변 완료',
    wasRight: '정답',
    wasWrong: '오답',
    wasSilent: '답 없음',
    theirAnswer: (name) => `${name}님의 답`,
    countsDouble: '점수 두 배',
    theRightOne: (answer) => `정답:\u00a0${answer}`,
    streak: (n) => `${n}문제 연속 정답!`,

    waitedFor: (time) => `${time} 동안 기다렸어요`,
    estimate: (s) => `보통 ${s}초`,
    botOffer: '아직 아무도 없어요. 봇과는 바로 시작할 수 있어요.',
    notify: '시작하면 알려 주세요',
    notifyBody: '퀴즈 탭으로 돌아와 주세요.',

    winCheer: '잘했어요!',
    loseCheer: (n) => `${n}점 차이예요. 다음엔 이길 수 있어요.`,
    seriesStands: (mine, theirs) => `3판 2선승: ${mine} : ${theirs}`,
    seriesWon: (mine, theirs) => `3판 2선승에서 ${mine} : ${by(theirs)} 이겼어요`,
    seriesLost: (mine, theirs) => `3판 2선승에서 ${mine} : ${by(theirs)} 졌어요`,
    nextOfThree: (name) => `${name}님과 다음 판 하기`,
    ratingNow: (n, change) => `내 레이팅: ${n} (${change < 0 ? '−' : '+'}${Math.abs(change)})`,
    recap: (n) => (n === 1 ? '문제와 정답 보기' : `${n}문제와 정답 모두 보기`),
    noAnswerGiven: '답 없음',

    friend: '친구',
    invite: '친구 초대하기',
    inviteTitle: '친구와 함께하기',
    inviteHint: '링크를 보내거나 친구가 코드를 스캔하게 해 주세요. 친구가 열면 게임이 시작돼요. 이 페이지는 열어 두세요.',
    inviteLocal: '이 주소는 이 컴퓨터에서만 열려요. 휴대폰으로 하려면 네트워크의 컴퓨터 이름이나 주소로 퀴즈를 열어 주세요.',
    inviteCode: '링크의 QR 코드',
    copy: '링크 복사',
    copied: '복사했어요',
    selected: '선택했어요. 지금 복사해 주세요',
    share: '공유…',
    joinTitle: (name) => `${name}님이 퀴즈에 초대했어요`,
    joinAway: (name) => `${name}님이 지금 자리에 없어요. 계속 물어보고 있어요.`,
    joinEnded: (name) => `${name}님이 게임을 시작하지 않았어요.`,
    askAgain: '다시 물어보기',
  },
};

export const moreNotices = {
  en: {
    joinSelf: () => 'This is your own link. Send it to a friend.',
    joinBusy: () => 'You are in a game. Finish it, then open the link again.',
  },
  ko: {
    joinSelf: () => '내 링크예요. 친구에게 보내 주세요.',
    joinBusy: () => '게임 중이에요. 끝낸 뒤에 링크를 다시 열어 주세요.',
  },
};
