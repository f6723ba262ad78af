import { checkChat } from "./chat_checks.ts";

checkChat("the chat in Channels' composition", new URL("../../examples/chat.ts", import.meta.url));
