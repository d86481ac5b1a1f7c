// A summary as octets: what is written beside the message, and read on FETCH.
#pragma once

#include <vector>

#include "dataplane/mail/message_summary.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// Counts up with every change of the layout. A summary of another version is refused: whoever reads
// it makes a new one of the message.
inline constexpr uint8_t kSummaryVersion = 1;

// Appends the version, then every member in the order of the structure: numbers as varints of seven
// bits, the least first; texts and lists behind their count.
void encode_summary(const MessageSummary& summary, std::vector<uint8_t>& out);

// All of `encoded` must be one summary. Takes no memory that `encoded` does not account for.
Result<MessageSummary> decode_summary(Bytes encoded);

}  // namespace gatepost::dataplane
