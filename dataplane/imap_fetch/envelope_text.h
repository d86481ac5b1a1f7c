// ENVELOPE of IMAP out of a summary (RFC 9051 §7.5.2).
#pragma once

#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/mail/summary_reader.h"

namespace gatepost::dataplane {

// "(date subject from sender reply-to to cc bcc in-reply-to message-id)"
void write_envelope(const EncodedEnvelope& envelope, ResponseText& out);

}  // namespace gatepost::dataplane
