#include "dataplane/worker/tls_shared.h"

#include <time.h>

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

Status TlsShared::open(const std::string& key_file, const std::string& server_name) {
    if (!key_file.empty()) {
        auto loaded = storage::KeyRing::load(key_file);
        if (loaded)
            keys = std::move(*loaded);
        else
            log(LogLevel::error, "tls.key_file_refused",
                {{"path", key_file},
                 {"reason", loaded.error().message},
                 {"next", "certificates of the database cannot be used; a self-signed one is"}});
    }
    auto made = SelfSignedIdentity::create(server_name, ::time(nullptr));
    if (!made) return tl::unexpected(made.error());
    self_signed = std::move(*made);
    return {};
}

}  // namespace gatepost::dataplane
