// What a client sends before it has keys: any octets, in two pieces, to a server with its own
// certificate. The first octet says where the pieces meet.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "dataplane/tls/directory_identities.h"
#include "dataplane/tls/self_signed.h"
#include "dataplane/tls/ticket_keys.h"
#include "dataplane/tls/tls_context.h"
#include "dataplane/tls/tls_session.h"

namespace {

using namespace gatepost;

constexpr int64_t kNow = 1'893'456'000;

struct Server {
    Server() {
        auto own = dataplane::SelfSignedIdentity::create("localhost", kNow);
        if (!own) std::abort();
        self_signed = std::move(*own);
        identities = std::make_unique<dataplane::DirectoryIdentities>(
            dataplane::DirectoryIdentitiesOptions{
                .directory = [] { return dataplane::DirectoryNow{}; },
                .clock_s = [] { return kNow; },
                .report = nullptr},
            keys, *self_signed, counters);
        auto made = dataplane::TlsContext::create({.alpn = {"h2", "http/1.1"}, .early_data = true},
                                                  *identities, tickets);
        if (!made) std::abort();
        context = std::move(*made);
    }

    std::unique_ptr<dataplane::SelfSignedIdentity> self_signed;
    dataplane::SealingKeys keys;
    storage::StreamCounters counters{};
    std::unique_ptr<dataplane::DirectoryIdentities> identities;
    dataplane::TicketKeys tickets;
    std::unique_ptr<dataplane::TlsContext> context;
};

struct Sink final : dataplane::TlsSink {
    bool take(Bytes ciphertext) override { return !ciphertext.empty(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static Server server;
    if (size == 0) return 0;
    const Bytes octets(data + 1, size - 1);
    const size_t first = octets.empty() ? 0 : data[0] % octets.size();
    Sink sink;
    auto session = dataplane::TlsSession::accept(*server.context, sink);
    if (session == nullptr) std::abort();
    dataplane::TlsStatus status = dataplane::TlsStatus::want_input;
    for (Bytes piece : {octets.first(first), octets.subspan(first)}) {
        session->feed(piece);
        status = session->handshake();
        if (status != dataplane::TlsStatus::want_input) break;
        if (!session->unread().empty()) std::abort();  // it would wait for nothing
    }
    // Nobody can finish a handshake without having computed anything, and every failure has a name.
    if (status == dataplane::TlsStatus::done) std::abort();
    const bool named = session->failure() != storage::TlsFailure::none && !session->error().empty();
    if (named != (status != dataplane::TlsStatus::want_input)) std::abort();
    for (char c : session->server_name())
        if (c >= 'A' && c <= 'Z') std::abort();
    return 0;
}
