// The additional section: addresses of the names that NS, MX, SRV, SVCB … data point to, from the
// zone that the data is in.
#pragma once

#include <cstdint>

#include "dataplane/dns/answer_writer.h"
#include "storage/zone_index/view.h"

namespace gatepost::dataplane {

// Different targets looked up for one RRset. More are not worth the work: every address counts
// towards the size of a reply that holds a few dozen.
inline constexpr size_t kAdditionalTargetsMax = 32;

// `rrset` of `node` was just added, its first RDATA at `first_rdata` of the message. What does not
// fit is left out: the section is a courtesy (RFC 2181 §9), but for servers at or below a zone cut,
// whose addresses a referral needs (RFC 9471 §2.1): gives false where one of those did not fit.
bool add_addresses(const storage::ZoneView& view, const storage::Node& node,
                   const storage::RRsetEntry& rrset, uint16_t first_rdata, AnswerWriter& writer,
                   bool signatures);

}  // namespace gatepost::dataplane
