// Builds the records of one reply: steps 3 to 6 of RFC 1034 §4.3.2 with CNAME and DNAME followed
// through all zones served here.
#pragma once

#include <cstdint>

#include "dataplane/dns/answer_writer.h"
#include "dataplane/dns/locate.h"
#include "dataplane/dns/query.h"
#include "storage/zone_index/view.h"

namespace gatepost::dataplane {

inline constexpr size_t kChainMax =
    16;  // CNAME and DNAME steps; longer chains are nobody's intention

struct Resolution {
    Rcode rcode = Rcode::noerror;
    bool authoritative = false;
    bool truncated = false;
    ExtendedError extended_error = ExtendedError::none;
};

// `exact` is what the index has for the question's whole name. Owner names are written as in the
// question.
Resolution resolve(const storage::ZoneView& view, const Query& query, const storage::Node* exact,
                   AnswerWriter& writer);

}  // namespace gatepost::dataplane
