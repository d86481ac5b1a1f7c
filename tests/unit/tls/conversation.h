// A server's side of TLS with a directory of its own, and a client that talks to it, in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/tls/directory_identities.h"
#include "dataplane/tls/self_signed.h"
#include "dataplane/tls/ticket_keys.h"
#include "dataplane/tls/tls_context.h"
#include "dataplane/tls/tls_session.h"
#include "tests/support/test_certificates.h"
#include "tests/support/tls_client.h"

namespace gatepost::tests {

// What the connections of a test share. The clock stands still unless `now_s` is set.
struct ServerSide {
    explicit ServerSide(const dataplane::TlsOptions& options = {});

    // Another listener of the same process.
    std::unique_ptr<dataplane::TlsContext> make_context(const dataplane::TlsOptions& options);

    int64_t now_s = kTestTime;
    bool has_directory = true;
    TestDirectory directory;
    std::vector<std::string> reports;  // "NAME: sentence"
    storage::StreamCounters counters{};
    dataplane::SealingKeys keys{test_key_ring()};
    std::unique_ptr<dataplane::SelfSignedIdentity> self_signed;
    std::unique_ptr<dataplane::DirectoryIdentities> identities;
    dataplane::TicketKeys tickets;
    std::unique_ptr<dataplane::TlsContext> context;
};

class CollectingSink final : public dataplane::TlsSink {
  public:
    bool take(Bytes ciphertext) override;

    std::vector<uint8_t> octets;
    size_t room = SIZE_MAX;
};

class Conversation {
  public:
    Conversation(dataplane::TlsContext& context, const TlsClientOptions& options);

    // Goes on until the server is done or has failed, or nothing moves any more; the client gets
    // what the server sent. With `piece` 1, the server gets octet by octet.
    dataplane::TlsStatus handshake(size_t piece = SIZE_MAX);
    // Carries what the client has written to the server.
    void to_server();
    void to_client();
    // What the server can read now; `status` is the last read's.
    std::string server_read();
    // Tells the server this, as the network would.
    void feed_server(Bytes octets);

    TlsClient client;
    CollectingSink sink;
    std::unique_ptr<dataplane::TlsSession> server;
    dataplane::TlsStatus status = dataplane::TlsStatus::want_input;

  private:
    std::vector<uint8_t> fed_;
};

Bytes bytes_of(std::string_view text);

}  // namespace gatepost::tests
