#include "tools/gatepost/imap_import/import_ends.h"

namespace gatepost::tools {

Result<std::unique_ptr<MailServer>> connect_end(const ImportEnd& end, const ImportEnds& ends) {
    auto server = MailServer::connect(end.address, end.trust, ends.waits, ends.stop);
    if (!server) return server;
    if (Status in = (*server)->log_in(end.user, end.password); !in)
        return tl::unexpected(std::move(in).error());
    return server;
}

}  // namespace gatepost::tools
