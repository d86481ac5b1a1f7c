// What is read of mailboxes: queries, whose results come in binary form, and their rows as the
// index takes them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/mailboxes/pipeline.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::controlplane {

// Values of a result in binary form.
int64_t binary_integer(const PgResult& rows, int row, int column);  // of 2, 4 or 8 octets
inline uint64_t binary_unsigned(const PgResult& rows, int row, int column) {
    return static_cast<uint64_t>(binary_integer(rows, row, column));
}
// Of a timestamptz in binary form.
int64_t unix_seconds(int64_t postgres_us);
bool binary_boolean(const PgResult& rows, int row, int column);
// text[]; none where it is NULL. They refer to the result's octets.
std::vector<std::string_view> binary_texts(const PgResult& rows, int row, int column);

// What the index has of a mailbox, and everything after that is wanted.
struct MailboxWant {
    uint64_t mailbox_id = 0;
    uint64_t have_modseq = 0;  // 0: nothing, all of it is wanted, without summaries
    uint64_t have_uid_next = 0;
};

// How a mailbox came from one state to another.
struct MailboxDelta {
    uint64_t mailbox_id = 0;
    bool is_gone = false;  // the mailbox is not there any more
    // Messages that went since that state may be missing in `expunged`: this is no step from it.
    bool is_behind_floor = false;
    uint64_t from_modseq = 0;  // the state before; 0: none, this is all of the mailbox
    storage::MailboxUpdate update;
    // What the update refers to.
    std::shared_ptr<const std::vector<PgResult>> rows;
};

PipelineQuery status_query(std::span<const uint64_t> mailboxes);
std::vector<storage::MailboxStatus> statuses_of(const PgResult& rows);

// Three queries: statuses, messages, what was expunged.
void add_delta_queries(std::vector<PipelineQuery>& queries, std::span<const uint64_t> mailboxes,
                       std::span<const MailboxWant> wants);
// Of the results from `first` on; one for each want, in their order.
std::vector<MailboxDelta> deltas_of(std::shared_ptr<const std::vector<PgResult>> rows, size_t first,
                                    std::span<const MailboxWant> wants);

struct AccountList {
    uint64_t account_id = 0;
    std::vector<storage::MailboxListing> mailboxes;  // none: the account is gone
};
struct AccountLists {
    std::vector<AccountList> accounts;
    std::vector<storage::MailboxStatus> statuses;  // of all mailboxes in them
    std::vector<PgResult> rows;
};
std::vector<PipelineQuery> account_queries(std::span<const uint64_t> accounts);
AccountLists account_lists_of(std::vector<PgResult> rows, std::span<const uint64_t> accounts);

// Accounts that see a mailbox of these owners, or one of these mailboxes; owners with them.
PipelineQuery viewers_query(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes);
std::vector<uint64_t> ids_of(const PgResult& rows);

// Summaries of messages from `first` to `last`.
PipelineQuery summaries_query(uint64_t mailbox_id, uint32_t first, uint32_t last);
std::vector<std::pair<uint32_t, Bytes>> summaries_of(const PgResult& rows);

storage::SpecialUse special_use_of(std::string_view text);
std::string_view special_use_text(storage::SpecialUse use);  // "": none

BinaryArray id_array(std::span<const uint64_t> ids);

}  // namespace gatepost::controlplane
