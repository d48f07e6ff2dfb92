// The events of matchq's plain WebSocket, by name. The server's README describes them.

/** A player, questionnaire or question. 17 and "17" are the same; each comes back as its player sent it. */
export type Id = string | number;

export interface Player {
  id: Id;
  /** The id of the connection; "" without one. */
  sid: string;
  attributes?: Record<string, unknown>;
}

export interface Question {
  id: Id;
  text: string;
  choices: string[];
}

export interface Score {
  id: Id;
  score: number;
}

export interface Queued {
  status: 'PUSHED_TO_QUEUE';
  ticketId: string;
  queue: Id;
  waiting: number;
  nextTickMs: number;
}

export interface Assignment {
  connection: string;
  data?: unknown;
}

export interface Matched {
  status: 'MATCHED';
  matchId: string;
  roomId: string;
  questionaireId: Id;
  user1: Player;
  user2: Player;
  question: Question[];
  waitedMs: number;
  rules?: Record<string, unknown>;
  assignment?: Assignment;
}

export interface Proposed {
  matchId: string;
  queue: Id;
  players: Id[];
  deadlineMs: number;
}

export type MatchStatus =
  | Queued
  | Matched
  | {status: 'DUPLICATED_USER_ID' | 'EXPIRED'; ticketId: string; queue: Id}
  | {status: 'CANCELLED' | 'RESTORED'; ticketId: string; queue: Id; reason: string};

export type Cancelled =
  | {status: 'CANCEL_REQUEST_COMPLETE' | 'NO_PLAYER_IN_QUEUE'}
  | {status: 'ALREADY_MATCHED'; matchId: string};

export interface Users {
  roomId: string;
  user1: Player;
  user2: Player;
}

export interface Room {
  roomId: string;
  questionaireId?: Id;
  mode: 'self' | 'paced' | '';
  /** Counts from 0. */
  index: number;
  of: number;
  question?: Question;
  closesInMs?: number;
  scores: Score[];
  opponentAway: boolean;
}

export interface State {
  ticket?: Queued;
  match?: Matched | Proposed;
  invitations?: Users[];
  room?: Room;
}

export interface Questions {
  roomId: string;
  questionaireId: Id;
  limit: number;
  questions: Question[];
}

/** In a game that the server paces, the last three keys are missing while the question is open. */
export interface AnswerResult {
  user: {id: Id; sid: string; answer: {questionItemId: Id; correct?: boolean; score?: number; total?: number}};
}

export interface Problem {
  /** One of the codes in the server's README. */
  code: string;
  message: string;
  retryAfterMs?: number;
}

/** What the server sends. Durations are in milliseconds. */
export interface ServerEvents {
  notify_socket_id: {sid: string};
  match_status: MatchStatus;
  match_proposed: Proposed;
  match_assigned: Assignment & {matchId: string};
  cancel_request_general_match_status: Cancelled;
  connection_status: Record<string, number>;
  resumed: {recovered: boolean};
  state: State;
  request_game_match_to_friend: Users | {status: 'NO_FRIEND_IN_CONNECTION_QUEUE'};
  created_friend_match: Users;
  friend_request_declined: {roomId: string; reason: 'declined' | 'expired' | 'lost'};
  get_match_question: Questions;
  game_starting: {inMs: number};
  question_started: {roomId: string; index: number; of: number; question: Question; closesInMs: number};
  get_answer_result: AnswerResult;
  question_closed: {roomId: string; questionItemId: Id; answer: number; answers: {id: Id; answer: number}[]; scores: Score[]};
  game_over: {
    roomId: string;
    /** Empty if the game was lost. */
    results: (Score & {correct: number; answered: number})[];
    reason: 'finished' | 'forfeit' | 'void' | 'lost';
    forfeitedBy?: Id[];
  };
  opponent_away: {graceMs: number};
  opponent_back: Record<string, never>;
  /** The error of a frame without an id. */
  error: Problem;
}

/** What a client sends, with the answers. userId may be left out once the connection is a player's. */
export interface Requests {
  check_socket_id: {data: Record<string, never>; answer: {sid: string}};
  connection_queue: {data: {userId?: Id}; answer: MatchStatus | Record<string, never>};
  create_general_game_match: {
    data: {userId?: Id; questionaireId: Id; rating?: number; attributes?: Record<string, unknown>};
    answer: MatchStatus;
  };
  accept_match: {data: {userId?: Id; matchId: string}; answer: {matchId: string; state: string}};
  decline_match: {data: {userId?: Id; matchId: string}; answer: {matchId: string; state: string}};
  cancel_request_general_match: {data: {userId?: Id}; answer: Cancelled};
  get_connection_status: {data: Record<string, never>; answer: Record<string, number>};
  resume: {data: {userId?: Id; lastSeq?: string}; answer: {recovered: boolean}};
  get_state: {data: {userId?: Id}; answer: State};
  request_friend_game_matching: {
    data: {userId?: Id; friendUserId: Id};
    answer: Users | {status: 'NO_FRIEND_IN_CONNECTION_QUEUE'};
  };
  accept_friend_request: {data: {userId?: Id; roomId: string}; answer: Users};
  decline_friend_request: {data: {userId?: Id; roomId: string}; answer: {roomId: string; reason: string}};
  request_question: {data: {userId?: Id; roomId: string; questionaireId: Id; limit?: number}; answer: Questions};
  start_game: {data: {userId?: Id; roomId: string; questionaireId?: Id; limit?: number}; answer: Record<string, unknown>};
  send_answer: {
    /** answer is the index of a choice, or its text. */
    data: {userId?: Id; roomId: string; questionItemId: Id; answer: number | string};
    answer: AnswerResult;
  };
  end_game_playing: {data: {userId?: Id; roomId: string}; answer: Record<string, unknown>};
}

export interface Link {
  /** `away` until the next attempt. `refused` and `replaced` last until connect is called: by code 4401 or 4409. */
  status: 'connecting' | 'open' | 'away' | 'refused' | 'replaced' | 'stopped';
  /** When it began, and when the next attempt is due, in the time of performance.now(). */
  since: number;
  until?: number;
  /** Why it was refused, or is away: the code of an error, or what address has thrown. */
  reason?: string;
}

export interface Options {
  /** The player; may be left out with a token, which names the player. */
  player?: Id;
  /** The client's lastSeq before a reload of the page. */
  lastSeq?: string;
  /** Called at each change of the link. */
  changed?: (link: Link) => void;
  /** Time for an answer, after which the connection counts as lost. Defaults to 10,000. */
  patienceMs?: number;
  /** Time between two questions whether the server still answers. Defaults to 20,000. */
  heartbeatMs?: number;
  /** The class of connections. Defaults to the global one; Node.js before 22 needs that of the package ws. */
  WebSocket?: typeof WebSocket;
}
