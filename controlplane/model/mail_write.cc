#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {

Result<Lsn> mail_write(Connection& connection, const WriteOptions& options,
                       const std::function<Result<bool>()>& work) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    const auto changed = work();
    if (!changed) return tl::unexpected(changed.error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return lsn;
    return *changed ? *lsn : Lsn{0};
}

}  // namespace gatepost::controlplane
