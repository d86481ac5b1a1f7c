// The pull queue: whoever relays mail for this host fetches it over HTTP, and says what became of
// it. Threads of its own, and as many connections to PostgreSQL at most. README.md has the
// requests.
//
// HTTP without TLS: an address that is not loopback is refused without tokens or users, and a
// reverse proxy gives it HTTPS.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/queue_api/queue_api_options.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Counts of this process.
struct QueueApiStatus {
    uint64_t requests = 0;
    uint64_t refused_addresses = 0;
    uint64_t refused_logins = 0;  // no credentials, or wrong ones
    uint64_t malformed = 0;
    uint64_t failures = 0;    // the database or the message log was away
    uint64_t leased = 0;      // messages handed out
    uint64_t delivered = 0;   // messages acknowledged
    uint64_t returned = 0;    // messages given back
    uint64_t unreadable = 0;  // messages whose octets could not be read: they are held
};

class QueueApi {
  public:
    // Refused: a listen address that is not loopback without credentials, files that cannot be
    // read, addresses that are taken. PostgreSQL need not be there.
    static Result<std::unique_ptr<QueueApi>> start(QueueApiOptions options);
    // Requests that are under way end first; those that wait for mail at once.
    ~QueueApi();
    QueueApi(const QueueApi&) = delete;
    QueueApi& operator=(const QueueApi&) = delete;

    void stop();
    // Of each listen address, in their order.
    const std::vector<uint16_t>& ports() const { return ports_; }
    QueueApiStatus status() const;

  private:
    class Service;
    struct Listener;

    QueueApi();
    Status open(const QueueApiOptions& options);

    std::unique_ptr<Service> service_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<uint16_t> ports_;
};

}  // namespace gatepost::controlplane
