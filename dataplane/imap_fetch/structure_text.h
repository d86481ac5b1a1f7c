// BODY and BODYSTRUCTURE of IMAP out of a summary (RFC 9051 §7.5.2).
#pragma once

#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/mail/summary_reader.h"

namespace gatepost::dataplane {

// `extended`: with the extension data, as BODYSTRUCTURE has them. False: the summary is damaged;
// what has been added until then is of no use.
[[nodiscard]] bool write_structure(SummaryReader& summary, bool extended, ResponseText& out);

}  // namespace gatepost::dataplane
