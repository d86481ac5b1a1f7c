// The transaction that changes of the mail directory share.
#pragma once

#include <functional>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// BEGIN, `work`, COMMIT; a dry run takes it back. `work` says whether anything changed. Gives a
// position that an edge has reached when it shows the change; 0 after a dry run, or where nothing
// changed.
Result<Lsn> mail_write(Connection& connection, const WriteOptions& options,
                       const std::function<Result<bool>()>& work);

}  // namespace gatepost::controlplane
