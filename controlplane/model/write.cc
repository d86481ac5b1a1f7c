#include "controlplane/model/write.h"

namespace gatepost::controlplane {

Result<Lsn> finish_write(Transaction& transaction, const WriteOptions& options) {
    if (!options.dry_run) return transaction.commit();
    if (Status undone = transaction.rollback(); !undone)
        return tl::unexpected(std::move(undone).error());
    return Lsn{0};
}

}  // namespace gatepost::controlplane
