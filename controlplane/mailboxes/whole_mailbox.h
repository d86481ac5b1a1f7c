// All of a mailbox, as PostgreSQL sends it: rows become messages of the index while the database
// still works on those behind them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/pg/copy.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::controlplane {

struct MailboxPiece {
    std::vector<storage::MailboxMessage> messages;  // without summaries
    std::deque<std::vector<uint8_t>> octets;        // what their keywords refer to
};

class WholeMailbox {
  public:
    // Messages of a piece: whole chunks of the index, which take its writer some tenths of a
    // millisecond.
    static constexpr size_t kPieceMax = 4096;

    using Give = std::function<Status(MailboxPiece)>;

    // `give` gets the pieces, UIDs ascending; an error of it is passed on. Not more than one of
    // them is here.
    WholeMailbox(uint64_t mailbox_id, Give give)
        : mailbox_id_(mailbox_id), give_(std::move(give)) {}

    // Two statements for Pipeline::stream, which are one transaction.
    std::string sql() const;
    // What they send. Invalid: it is not what they ask for, and all of it is of no use.
    Status take(size_t statement, Bytes message);
    // Gives the rest.
    Status finish();
    // Nothing: there is no such mailbox.
    const std::optional<storage::MailboxStatus>& status() const { return status_; }

  private:
    Status take_status(std::span<const CopyField> row);
    Status take_message(std::span<const CopyField> row);

    uint64_t mailbox_id_;
    Give give_;
    CopyBinaryReader readers_[2];  // of the statements
    std::optional<storage::MailboxStatus> status_;
    MailboxPiece piece_;
    uint32_t last_uid_ = 0;
};

}  // namespace gatepost::controlplane
