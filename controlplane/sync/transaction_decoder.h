// Assembles the transactions of the replication stream: follows the published tables by name and
// collects the row changes between BEGIN and COMMIT.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "controlplane/sync/change_batch.h"
#include "controlplane/sync/directory_rows.h"
#include "controlplane/sync/filter_rows.h"
#include "controlplane/sync/mail_directory_rows.h"
#include "controlplane/sync/mailbox_rows.h"
#include "controlplane/sync/pgoutput.h"
#include "controlplane/sync/policy_rows.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

// A transaction that needs more memory than this is not followed: loading everything anew costs
// less.
inline constexpr size_t kTransactionBytesMax = size_t{1} << 30;

class TransactionDecoder {
  public:
    explicit TransactionDecoder(size_t bytes_max = kTransactionBytesMax) : bytes_max_(bytes_max) {}

    // Takes one pgoutput message; true: it was a COMMIT, and batch() is the whole transaction.
    // After an error of code conflict the data have to be loaded anew; after any other one, too,
    // but the error is not for us to mend.
    Result<bool> feed(Bytes message);

    ChangeBatch& batch() { return batch_; }
    const CommitMessage& commit() const { return commit_; }
    bool in_transaction() const { return in_transaction_; }

  private:
    struct OtherTable {};  // published, but not for us
    struct Relation {
        RelationId id = 0;
        std::variant<OtherTable, ZoneColumns, RRsetColumns, CookieSecretColumns, CertificateColumns,
                     PinColumns, RedirectColumns, ChallengeColumns, MailDomainColumns,
                     MailAccountColumns, MailCredentialColumns, MailAliasColumns, FilterRuleColumns,
                     FilterSettingsColumns, FilingRuleColumns, PolicyRuleColumns, DnsListColumns,
                     PolicyExemptionColumns, MailboxColumns, MailboxAclColumns,
                     MailboxSubscriptionColumns>
            columns;
    };

    Status on(const IgnoredMessage&) { return {}; }
    Status on(const BeginMessage&);
    Status on(const CommitMessage&);
    Status on(const RelationMessage&);
    Status on(const InsertMessage&);
    Status on(const UpdateMessage&);
    Status on(const DeleteMessage&);
    Status on(const TruncateMessage&);

    // The relation of a row change; an error outside of a transaction, or before its Relation
    // message.
    Result<const Relation*> followed(RelationId id) const;
    static Status resolve(const RelationMessage& message, Relation& relation);

    // What is done with a row of each table. The last of each kind is for the directory's tables.
    Status put(const OtherTable&, Tuple) { return {}; }
    Status put(const ZoneColumns& columns, Tuple row);
    Status put(const RRsetColumns& columns, Tuple row);
    Status put(const CookieSecretColumns& columns, Tuple row);
    Status put(const MailboxColumns& columns, Tuple row) { return note(columns.row(row)); }
    Status put(const MailboxAclColumns& columns, Tuple row) { return note(columns.row(row)); }
    Status put(const MailboxSubscriptionColumns& columns, Tuple row) {
        return note(columns.row(row));
    }
    template <typename Columns>
    Status put(const Columns& columns, Tuple row);
    Status update(const OtherTable&, const UpdateMessage&) { return {}; }
    Status update(const ZoneColumns& columns, const UpdateMessage& message);
    Status update(const RRsetColumns& columns, const UpdateMessage& message);
    Status update(const CookieSecretColumns& columns, const UpdateMessage& message);
    Status update(const MailboxColumns& columns, const UpdateMessage& message) {
        return note(columns.row(message.row));
    }
    Status update(const MailboxAclColumns& columns, const UpdateMessage& message);
    Status update(const MailboxSubscriptionColumns& columns, const UpdateMessage& message);
    template <typename Columns>
    Status update(const Columns& columns, const UpdateMessage& message);
    Status remove(const OtherTable&, Tuple) { return {}; }
    Status remove(const ZoneColumns& columns, Tuple key);
    Status remove(const RRsetColumns& columns, Tuple key);
    Status remove(const CookieSecretColumns& columns, Tuple key);
    Status remove(const MailboxColumns& columns, Tuple key) { return note(columns.key(key)); }
    Status remove(const MailboxAclColumns& columns, Tuple key) { return note(columns.key(key)); }
    Status remove(const MailboxSubscriptionColumns& columns, Tuple key) {
        return note(columns.key(key));
    }
    Status note(Result<MailboxNotice> notice);
    template <typename Columns>
    Status remove(const Columns& columns, Tuple key);

    PgoutputDecoder decoder_;
    std::vector<Relation> relations_;
    ChangeBatch batch_;
    CommitMessage commit_;
    size_t bytes_max_;
    bool in_transaction_ = false;
    bool complete_ = false;
};

}  // namespace gatepost::controlplane
