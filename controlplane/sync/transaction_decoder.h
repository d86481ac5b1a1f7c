// Assembles the transactions of the replication stream: follows the published tables by name and
// collects the row changes between BEGIN and COMMIT.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "controlplane/sync/change_batch.h"
#include "controlplane/sync/pgoutput.h"
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
        std::variant<OtherTable, ZoneColumns, RRsetColumns, CookieSecretColumns> columns;
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
    Status put(const ZoneColumns& columns, Tuple row);
    Status put(const RRsetColumns& columns, Tuple row);
    Status put(const CookieSecretColumns& columns, Tuple row);
    Status remove(const CookieSecretColumns& columns, Tuple key);

    PgoutputDecoder decoder_;
    std::vector<Relation> relations_;
    ChangeBatch batch_;
    CommitMessage commit_;
    size_t bytes_max_;
    bool in_transaction_ = false;
    bool complete_ = false;
};

}  // namespace gatepost::controlplane
