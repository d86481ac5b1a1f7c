#include "dataplane/worker/tls_shared.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

Status TlsShared::open(const std::string& key_file, const std::string& server_name) {
    if (!key_file.empty()) {
        auto loaded = storage::KeyRing::load(key_file);
        if (loaded)
            keys.set(std::move(*loaded));
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

void TlsShared::take_keys(const UniqueFd& key_file) {
    constexpr size_t kKeyFileMax = size_t{64} << 10;  // octets
    const auto refuse = [](std::string_view reason) {
        log(LogLevel::error, "tls.key_file_refused",
            {{"reason", reason}, {"next", "the keys from before stay in use"}});
    };
    std::string text(kKeyFileMax, '\0');
    size_t length = 0;
    while (length < text.size()) {
        const ssize_t count = ::read(key_file.get(), text.data() + length, text.size() - length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return refuse(std::strerror(errno));
        if (count == 0) break;
        length += static_cast<size_t>(count);
    }
    auto ring = storage::KeyRing::parse(std::string_view(text).substr(0, length));
    ::explicit_bzero(text.data(), text.size());
    if (!ring) return refuse(ring.error().message);
    if (ring->empty()) return refuse("there is no key in it");
    keys.set(std::move(*ring));
    log(LogLevel::info, "tls.keys_taken");
}

}  // namespace gatepost::dataplane
