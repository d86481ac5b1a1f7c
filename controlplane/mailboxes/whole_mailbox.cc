#include "controlplane/mailboxes/whole_mailbox.h"

#include <utility>

#include "controlplane/mailboxes/mailbox_rows.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxMessage;
using storage::MailboxStatus;

constexpr size_t kUuidOctets = 16;

// The values of a row, one after the other. What is not of the type that is asked for gives 0 and
// makes it unsound.
class RowValues {
  public:
    explicit RowValues(std::span<const CopyField> row) : row_(row) {}

    bool is_sound() const { return sound_ && row_.empty(); }
    const CopyField& next() {
        static const CopyField kNone{{}, true};
        sound_ &= !row_.empty();
        if (row_.empty()) return kNone;
        const CopyField& field = row_.front();
        row_ = row_.subspan(1);
        return field;
    }
    int64_t integer() {
        const Bytes octets = next().bytes;
        if (octets.size() == 8) return static_cast<int64_t>(load_be64(octets.data()));
        if (octets.size() == 4) return static_cast<int32_t>(load_be32(octets.data()));
        sound_ = false;
        return 0;
    }
    uint64_t number() { return static_cast<uint64_t>(integer()); }
    storage::BlobId uuid() {
        const Bytes octets = next().bytes;
        sound_ &= octets.size() == kUuidOctets;
        if (!sound_) return {};
        return {load_be64(octets.data()), load_be64(octets.data() + 8)};
    }

  private:
    std::span<const CopyField> row_;
    bool sound_ = true;
};

}  // namespace

std::string WholeMailbox::sql() const {
    return fmt::format(
        "COPY (SELECT b.id, b.account_id, b.uid_validity, b.uid_next, b.highest_modseq, "
        "b.message_count, b.unseen_count, b.deleted_count, b.byte_count "
        "FROM gatepost.mailboxes b WHERE b.id = {0}) TO STDOUT (FORMAT binary); "
        // As the primary key has them.
        "COPY (SELECT m.uid, m.modseq, m.flags, m.internal_date, m.save_date, m.blob_id, "
        "m.segment, m.position, m.size, octet_length(m.summary), m.keywords "
        "FROM gatepost.messages m WHERE m.mailbox_id = {0} ORDER BY m.uid) "
        "TO STDOUT (FORMAT binary)",
        static_cast<int64_t>(mailbox_id_));
}

Status WholeMailbox::take(size_t statement, Bytes message) {
    const auto row = readers_[statement].row(message);
    if (!row) return tl::unexpected(row.error());
    if (row->empty()) return {};  // the end
    return statement == 0 ? take_status(*row) : take_message(*row);
}

Status WholeMailbox::take_status(std::span<const CopyField> row) {
    RowValues values(row);
    MailboxStatus& status = status_.emplace();
    status.mailbox_id = values.number();
    status.account_id = values.number();
    status.uid_validity = static_cast<uint32_t>(values.number());
    status.uid_next = values.number();
    status.highest_modseq = values.number();
    status.messages = values.number();
    status.unseen = values.number();
    status.deleted = values.number();
    status.octets = values.number();
    if (values.is_sound()) return {};
    return fail(ErrorCode::invalid, "the row of mailbox {} is not as it should be", mailbox_id_);
}

Status WholeMailbox::take_message(std::span<const CopyField> row) {
    RowValues values(row);
    const uint64_t uid = values.number();
    if (piece_.messages.empty()) piece_.messages.reserve(kPieceMax);
    MailboxMessage& message = piece_.messages.emplace_back();
    storage::MailboxEntry& entry = message.entry;
    entry.uid = static_cast<uint32_t>(uid);
    entry.modseq = values.number();
    entry.flags = static_cast<uint8_t>(values.number());
    entry.internal_date_s = unix_seconds(values.integer());
    entry.save_date_s = unix_seconds(values.integer());
    entry.blob = values.uuid();
    entry.segment = static_cast<uint32_t>(values.number());
    entry.offset = values.number();
    entry.size = static_cast<uint32_t>(values.number());
    entry.summary_size = static_cast<uint32_t>(values.number());
    const CopyField& keywords = values.next();
    bool is_sound = values.is_sound() && uid > last_uid_ && uid <= UINT32_MAX;
    if (!keywords.null) {
        const auto& kept = piece_.octets.emplace_back(keywords.bytes.begin(), keywords.bytes.end());
        is_sound &= text_array_from_binary(kept, message.keywords).has_value();
    }
    if (!is_sound)
        return fail(ErrorCode::invalid,
                    "a row of mailbox {}, behind UID {}, is not as it should be", mailbox_id_,
                    last_uid_);
    last_uid_ = entry.uid;
    return piece_.messages.size() < kPieceMax ? Status() : give_(std::exchange(piece_, {}));
}

Status WholeMailbox::finish() {
    return piece_.messages.empty() ? Status() : give_(std::exchange(piece_, {}));
}

}  // namespace gatepost::controlplane
