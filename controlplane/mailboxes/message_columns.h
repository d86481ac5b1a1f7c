// Messages that are appended, as columns of one statement (013_imap.sql: append_messages).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "controlplane/commit/binary_params.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::controlplane {

// Joined by blanks; no keyword has one.
std::string joined_keywords(std::span<const std::string> keywords);

class MessageColumns {
  public:
    // It outlives the columns.
    void add(const storage::AppendedMessage& message);
    void move_to(BinaryParams& params);

  private:
    BinaryArray blobs_{PgType::uuid};
    BinaryArray segments_{PgType::int8};
    BinaryArray positions_{PgType::int8};
    BinaryArray sizes_{PgType::int8};
    BinaryArray dates_{PgType::timestamptz};
    BinaryArray flags_{PgType::int4};
    BinaryArray keywords_{PgType::text};
    BinaryArray summaries_{PgType::bytea};
    BinaryArray message_ids_{PgType::text};
    BinaryArray subjects_{PgType::text};
    BinaryArray senders_{PgType::text};
};

}  // namespace gatepost::controlplane
