// Sets of UIDs: what sessions do with them.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/imap_syntax/sequence_set.h"
#include "storage/mailbox_frames/uid_set.h"

namespace gatepost::dataplane {

uint64_t count_uids(const storage::UidSet& set);
bool contains_uid(const storage::UidSet& set, uint32_t uid);
// Those of `set` that are not in `without`, and those of `set` that are in `with`.
storage::UidSet uids_without(const storage::UidSet& set, const storage::UidSet& without);
storage::UidSet uids_within(const storage::UidSet& set, const storage::UidSet& with);
storage::UidSet union_of(const storage::UidSet& a, const storage::UidSet& b);
// As a set: ranges in order, "*" as `last` (0: there is none, and it means nothing).
storage::UidSet uids_of(const SequenceSet& set, uint32_t last);
// Those at the places first … last, from 1 on; negative ones count from the end (RFC 9394 §3.1).
storage::UidSet uids_at_places(const storage::UidSet& set, int64_t first, int64_t last);
// One after the other, with `size` UIDs at most each.
std::vector<storage::UidSet> in_pieces(const storage::UidSet& set, uint32_t size);

}  // namespace gatepost::dataplane
