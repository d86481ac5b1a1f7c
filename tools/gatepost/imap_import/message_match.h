// Which messages of another server are in a mailbox of ours already, where no note says so: after a
// crash between storing and noting, or where the notes are lost.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/gatepost/imap_client/message_listing.h"

namespace gatepost::tools {

// Those of `messages` that have the date and the size of any of `others`. Octets and dates are kept
// as they are, so that no other can be the same.
std::vector<RemoteMessage> similar(const std::vector<RemoteMessage>& messages,
                                   const std::vector<RemoteMessage>& others);

struct NamedMessage {
    RemoteMessage message;
    std::string message_id;
};
// Pairs of UIDs: of `theirs`, of `ours`. The same date, size and Message-ID; each is in one pair at
// most, so that what is twice there and once here is copied once.
std::vector<std::pair<uint32_t, uint32_t>> match_messages(const std::vector<NamedMessage>& theirs,
                                                          const std::vector<NamedMessage>& ours);

}  // namespace gatepost::tools
