// The Korean of sentences that the server writes in English: why a ticket waits and what Redis refuses, by their codes, and what
// does not add up.

export const whys = {
  not_accepted: "모두 수락하기를 기다리고 있어요", queue_paused: "대기열이 중지됐어요", players_missing: "매칭할 사람이 모자라요",
  kept_apart: "규칙 때문에 만날 수 있는 사람이 없어요. 다른 사람이 오기를 기다려요", kept_apart_yet: "규칙 때문에 가장 가까운 사람을 아직 만날 수 없어요",
  too_few_permitted: "지금 만날 수 있는 사람이 모자라요", left_over: "정책이 남겨 뒀어요. 다른 사람이 와야 매칭돼요", next_tick: "다음 매칭을 기다리고 있어요",
  expires_at_tick: "다음 매칭 때 만료돼요",
};

const refusals = {
  OOM: "메모리가 가득 찼어요. maxmemory를 늘리거나 티켓이 끝나기를 기다리세요.",
  READONLY: "읽기 전용 복제본이에요. 서버를 주 Redis에 연결하세요.",
  NOPERM: "서버의 Redis 사용자에게 권한이 모자라요. 필요한 권한은 README에 있어요.",
  WRONGPASS: "서버의 사용자 이름이나 비밀번호가 틀려요.",
  NOAUTH: "서버가 사용자 이름과 비밀번호를 보내야 해요.",
  MISCONF: "데이터를 디스크에 쓰지 못해요. 디스크를 확인하세요.",
  NOREPLICAS: "연결된 복제본이 모자라요. 복제본을 확인하세요.",
  BUSY: "스크립트 하나가 너무 오래 실행되고 있어요.",
  CLUSTERDOWN: "클러스터가 온전하지 않아요. 빠진 노드를 확인하세요.",
  MASTERDOWN: "주 Redis와 끊긴 복제본이에요.",
  LOADING: "데이터를 불러오는 중이에요.",
  MAXCLIENTS: "연결이 너무 많아요. maxclients를 늘리세요.",
};

// refusal is what to do about a Redis that refuses.
export const refusal = (code) => refusals[code] ?? "원인은 서버 로그에 있어요.";

const sums = {
  "live tickets in the lists of queues": "대기열 목록에 있는 티켓",
  "proposed tickets of queues": "수락을 기다리는 티켓",
  "tickets stored (enqueued - forgotten)": "저장된 티켓 (등록한 것에서 지운 것을 뺀 수)",
};

// problem is a sum of the audit that does not add up.
export function problem(text) {
  const [, what, got, want] = /^(.*): (-?\d+), expected (-?\d+)$/.exec(text) ?? [];
  if (sums[what]) return `${sums[what]}: ${want}개여야 하는데 ${got}개예요.`;
  const [, wait, proposed] = /^more tickets ended than were enqueued: (-?\d+) wait, (-?\d+) are proposed$/.exec(text) ?? [];
  return wait === undefined ? text : `등록한 것보다 끝난 티켓이 많아요: 대기 ${wait}개, 수락 대기 ${proposed}개.`;
}
