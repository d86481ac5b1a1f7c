// Takes a whole command apart.
#pragma once

#include <tl/expected.hpp>

#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/command_text.h"
#include "dataplane/imap_syntax/parse_context.h"
#include "dataplane/imap_syntax/syntax_error.h"

namespace gatepost::dataplane {

// Every command but those that carry messages (carries_message()). All its literals are in the
// text. Whether the command may be given now is for the caller to see (state_of()), except that
// without a login nothing is taken apart that needs one. Time is linear in the text; the stack that
// it takes is bounded.
tl::expected<ImapCommand, SyntaxError> parse_command(const CommandText& text,
                                                     const ParseContext& context);

}  // namespace gatepost::dataplane
