export type ServerEvents = import('./events').ServerEvents;
export type Requests = import('./events').Requests;
export type Link = import('./events').Link;
export type Options = import('./events').Options & {
    greet?: (client: Client) => Promise<unknown>;
};
export type Problem = import('./events').Problem;
/** The error of a request. Its code is one of the server's, or `offline`: the connection was lost, so ask get_state. */
export declare class RequestError extends Error {
    code: string;
    retryAfterMs: number | undefined;
    /** @param {Problem} problem */
    constructor({ code, message, retryAfterMs }: Problem);
}
export declare class Client {
    #private;
    /** @type {Link} */ link: Link;
    /** Set both before connect to become another player. */
    player: import("./events").Id | undefined;
    /** The place of the last push. Keep it to resume after a reload of the page. */
    lastSeq: string;
    /**
     * @param {string | (() => string | Promise<string>)} address such as `ws://127.0.0.1:4000/ws?token=…`. A function is asked
     *   before each attempt, for a fresh token. It may throw `{retryAfterMs}`, or `{final: true}` to end all attempts.
     * @param {Options} [options]
     */
    constructor(address: string | (() => string | Promise<string>), options?: Options);
    /** Connects, and stays connected until close, or until the link is `refused` or `replaced`. Promises the link once it is
     * one of these, or open.
     * @returns {Promise<Link>} */
    connect(): Promise<Link>;
    /** Disconnects. The server gives the ticket and the game up after its grace. */
    close(): void;
    /** Makes the next attempt at once, for a page that is online or visible again. */
    wake(): void;
    /**
     * Calls a handler for each event of a name, or of all names for `*`. Returns a function that ends this.
     * @template {keyof ServerEvents | '*'} E
     * @param {E} event
     * @param {(data: E extends keyof ServerEvents ? ServerEvents[E] : unknown, event: string) => void} handler
     */
    on<E extends keyof ServerEvents | '*'>(event: E, handler: (data: E extends keyof ServerEvents ? ServerEvents[E] : unknown, event: string) => void): () => void;
    /**
     * Sends an event and promises its answer, or rejects with a RequestError.
     * @template {keyof Requests} E
     * @param {E} event
     * @param {Requests[E]['data']} [data]
     * @returns {Promise<Requests[E]['answer']>}
     */
    send<E extends keyof Requests>(event: E, data?: Requests[E]['data']): Promise<Requests[E]['answer']>;
    /** Waits in a queue. The match comes as the event match_status, as does whatever else becomes of the ticket.
     * @param {Requests['create_general_game_match']['data']} request */
    queue(request: Requests['create_general_game_match']['data']): Promise<import("./events").MatchStatus>;
    /** Leaves the queue. The status ALREADY_MATCHED says that it was too late. */
    cancel(): Promise<import("./events").Cancelled>;
    /** @param {string} matchId of match_proposed */
    accept(matchId: string): Promise<{
        matchId: string;
        state: string;
    }>;
    /** @param {string} matchId of match_proposed */
    decline(matchId: string): Promise<{
        matchId: string;
        state: string;
    }>;
    /** @param {Requests['send_answer']['data']} answer to a question; the first one counts */
    answer(answer: Requests['send_answer']['data']): Promise<import("./events").AnswerResult>;
}
/** Greets the server as the player: what was missed comes first, then the current state as the event state. The server takes
 * the requests of a connection in order, so both leave at once: one round trip.
 * @param {Client} client */
export declare function recover(client: Client): Promise<void>;
