/** What a client may offer beyond `ThingsDBClient`, and the built-in ones do. */
export interface EmittingClient {
  /** Tells this in a room. A node does so itself also while it passes calls on to other nodes. */
  emit(scope: string, roomId: number | bigint, event: string): Promise<unknown>;
}
