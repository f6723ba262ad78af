import { checkChat } from "./chat_checks.ts";

checkChat("the chat inside a Hono application", new URL("../../examples/hono_chat.ts", import.meta.url));
