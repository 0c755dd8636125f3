import type { ErrorFact } from './fact.ts';

/** What calls, their tools and their models come to. */
export const CALLS = {
  E_STATE_REFUSED: {
    status: 422,
    title: 'A value does not fit what the definition declares below state',
    mend: 'It was not kept. Change the declaration, or what the tool stores.',
  },
  E_FLOW_UNKNOWN: {
    status: 404,
    title: 'A definition has no step of that name',
    mend: 'Name one of its flows: those of the agent that answers the call.',
  },
  E_FLOW_LOOP: {
    status: 500,
    title: 'Rules send a call round in circles through the steps of its agent',
    mend: 'The call stays where it is. Let a rule among `next` of the steps that the warning names ask for something that the others rule out.',
  },
  E_CALL_REFUSED: {
    status: 403,
    title: 'A rule refuses the call',
    mend: 'The caller got busy (486). `attendant route` shows which rule of the agent it was.',
  },
  E_ANALYSIS_NO_MODEL: {
    status: 503,
    title: 'There is no chat model to analyze a call with',
    mend: 'Set OPENAI_API_KEY or LLM_BASE_URL where the worker runs, or the variables that the definition names; the keyless dialogue analyzes nothing.',
  },
  E_ANALYSIS_UNUSABLE: {
    status: 502,
    title: 'What the model answered about a call is no analysis',
    mend: 'Use a model that writes JSON by a schema, and ask for less with analysis.fields.',
  },
  E_SPEECH_FAILED: {
    status: 500,
    title: 'Speech could not be made or heard on this machine',
    mend: 'Reinstall flite and pocketsphinx; see the log line with this code for what they said.',
  },
  E_NO_SIP_LEG: {
    status: 409,
    title: 'The call has no SIP leg',
    mend: 'Tools that need a telephone leg do not work on a browser call.',
  },
  E_TOOL_ARGUMENTS: {
    status: 422,
    title: 'A tool was called with wrong arguments',
    mend: 'Call it again with arguments that fit its schema.',
  },
  E_HTTP_TOOL_STATUS: {
    status: 502,
    title: 'The server of an HTTP tool did not do what it was asked',
    mend: 'See the HTTP status in the message. Redirects are not followed: write the URL that they lead to.',
  },
  E_HTTP_TOOL_ANSWER: {
    status: 502,
    title: 'The answer of an HTTP tool cannot be used',
    mend: 'Have the server answer with JSON, and choose what the model needs of it with result and max_result.',
  },
  E_HTTP_TOOL_SECRET: {
    status: 500,
    title: 'An HTTP tool names a variable of the environment that is not set',
    mend: 'Set the variable that the message names where the worker runs.',
  },
  E_MCP_UNREACHABLE: {
    status: 502,
    title: 'An MCP server did not answer, or not as one',
    mend: 'Check its url, its headers and that it speaks streamable HTTP; the worker’s log has its own words.',
  },
  E_MCP_TOOL: {
    status: 502,
    title: 'A tool of an MCP server failed',
    mend: 'The detail is what the server says of it.',
  },
  E_MCP_ANSWER: {
    status: 502,
    title: 'The answer of an MCP server is too long',
    mend: 'Have the tool answer with less, or raise max_result.',
  },
  E_CODE_FAILED: {
    status: 500,
    title: "A function of an agent's code failed",
    mend: 'The log line with this code names the file and line. A thread that hangs or ended is started anew by itself.',
  },
  E_CODE_RESULT: {
    status: 500,
    title: "What a function of an agent's code returned cannot be used",
    mend: 'Return JSON of at most 16,000 characters, and of route() what docs/code.md says.',
  },
  E_HANDOFF_REFUSED: {
    status: 403,
    title: 'A function may not hand the caller over there',
    mend: 'See the detail. Where an agent may hand callers over to stands in the handoff section of its definition.',
  },
  E_CALL_ENDING: { status: 409, title: 'The call is ending', mend: 'Nothing more can be done on it.' },
  E_CALL_OVER: {
    status: 409,
    title: 'The call is over',
    mend: 'Nothing can be done on it any more; its thread says how it ended.',
  },
  E_COMMAND_UNTAKEN: {
    status: 504,
    title: 'No worker took the command in time',
    mend: 'It was not done and will not be. See whether the worker that holds the call runs, then send it again.',
  },
  E_COMMAND_UNANSWERED: {
    status: 504,
    title: 'The command was taken and has no reply yet',
    mend: 'It may still be done: read the thread before it is sent again.',
  },
  E_TRANSFER_RUNNING: { status: 409, title: 'A transfer is already running', mend: 'Wait for its result.' },
  E_OVERLOADED: {
    status: 503,
    title: 'A worker child has too little time or memory for another call',
    mend: 'It takes calls again by itself when it has. The log line says what there was too little of: start another worker, or give this one more.',
  },
  E_WORKER_FULL: {
    status: 503,
    title: 'No place for another call',
    mend: 'Start another worker; an agent can name where its callers go meanwhile (`overflow`).',
  },
  E_RECORDING_NOT_AVAILABLE: {
    status: 503,
    title: 'No egress service took the recording',
    mend: 'Start LiveKit egress on the Redis of livekit-server, with room for another recording; docs/recording.md.',
  },
  E_RECORDING_FAILED: {
    status: 502,
    title: 'The recording failed',
    mend: 'See the log of LiveKit egress: its storage, its rights, and the key of LiveKit.',
  },
  E_RECORDING_NOT_STOPPED: {
    status: 503,
    title: 'The recording could not be stopped in time, so no sensitive digits are collected',
    mend: 'Try again in a moment; see whether LiveKit and its egress answer.',
  },
  E_CALL_TAKEN_OVER: {
    status: 409,
    title: 'Another worker has the call',
    mend: 'Nothing is to be done: the other worker carries it on.',
  },
  E_CONSULT_RUNNING: {
    status: 409,
    title: 'The agent is on a side call',
    mend: 'Wait for its result.',
  },
  E_AGENT_PRESENT: {
    status: 409,
    title: 'An agent is there for that participant',
    mend: 'Take that one out first: DELETE /rooms/{room}/agents/{id}, with the id that the detail names.',
  },
  E_DESTINATION_UNKNOWN: {
    status: 422,
    title: 'Not a destination of this agent',
    mend: 'Choose one that the definition lists.',
  },
  E_NUMBER_NOT_FOUND: {
    status: 404,
    title: 'No such number',
    mend: 'GET /numbers lists those that are there.',
  },
  E_NUMBER_TAKEN: { status: 409, title: 'The number is taken, or none is left', mend: 'Take another one.' },
  E_LIST_NOT_FOUND: {
    status: 404,
    title: 'No such list',
    mend: 'Check its id, and the organization of the key; GET /lists lists them.',
  },
  E_LIST_INVALID: {
    status: 422,
    title: 'A list of people to be called is wrong',
    mend: 'Mend what is named; attendant check shows all that is wrong with the files of a list.',
  },
  E_LIST_OVER: { status: 409, title: 'The list is over', mend: 'Start another one.' },
  E_OUTBOUND_REFUSED: {
    status: 403,
    title: 'The agent may not make that call',
    mend: 'See the detail. What an agent may dial stands in the outbound section of its definition.',
  },
  E_DIAL_LIMIT: {
    status: 429,
    title: 'The agent dials no more: a limit of its definition is reached',
    mend: 'The detail says which: limit_per_hour, limit_per_caller, limit_per_destination or limit_per_trunk of limits.dialing; limit_unknown where Redis could not be asked.',
  },
  E_EMERGENCY_NUMBER: {
    status: 403,
    title: 'An emergency number was not dialed',
    mend: 'No agent dials one. Give callers people who can help as a destination.',
  },
  E_OUTBOUND_LIMIT: {
    status: 429,
    title: 'The organization makes as many calls as it may',
    mend: 'Wait as long as the header Retry-After says; ATTENDANT_OUTBOUND_CALLS and ATTENDANT_OUTBOUND_RATE set the limits.',
  },
  E_TRANSFER_FAILED: {
    status: 502,
    title: 'The transfer failed',
    mend: 'The result says the status and the SIP answer.',
  },
  E_MODEL_FAILED: {
    status: 502,
    title: 'A model server failed',
    mend: 'Check the base URL, key and model of that part.',
  },
} as const satisfies Record<string, ErrorFact>;
