// Accepts connections for the protocols of one worker, keeps their number within limits, and runs a
// coroutine for each: PROXY header, TLS, the protocol, a goodbye.
//
// A worker's loop drives it:   ring.submit_and_wait → set_time() → ring.reap() → finish_turn()
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/dns/rate_limit.h"
#include "dataplane/stream/connection.h"
#include "dataplane/stream/source_limits.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

struct StreamServerOptions {
    uint32_t connections_max = 1024;  // of all listeners of the worker
    SourceLimitOptions sources;
    // Address space for what is on its way, of all connections together; memory is used as it is
    // needed.
    size_t buffers_max = size_t{256} << 20;  // octets
    uint16_t receive_buffers = 1024;         // of kReceiveBuffer octets; a power of two
};

inline constexpr uint32_t kReceiveBuffer = 4096;  // octets

struct StreamListenerOptions {
    StreamProtocol* protocol = nullptr;  // outlives the server
    TlsContext* tls = nullptr;  // from the first octet on; nullptr: the protocol's business
    uint32_t connections_max = UINT32_MAX;
    // Only the limit above counts: for those who look after a server that is full.
    bool has_own_places = false;
    // Where connections begin with a PROXY header, and the address in it is believed.
    std::vector<AddressPrefix> proxies;
    std::string name;  // for the log: "dns-over-tls"
};

// Whether the peer is one of the proxies that are believed.
bool is_proxy(const StreamListenerOptions& options, const PeerAddress& peer);
// How it is counted where it is not admitted.
std::optional<storage::StreamEnd> refusal(SourceLimits::Verdict verdict);

class StreamServer;

// A listening socket of the worker.
class StreamListener final : public Operation {
  public:
    void complete(const Completion& completion) override;

    StreamServer* server = nullptr;
    UniqueFd fd;
    StreamListenerOptions options;
    uint32_t open = 0;  // connections
    bool armed = false;
};

class StreamServer {
  public:
    // Everything but what connections need, which comes with them. The ring is not enabled yet.
    static Result<std::unique_ptr<StreamServer>> create(Ring& ring,
                                                        storage::WorkerCounters& counters,
                                                        storage::StreamCounters& streams,
                                                        const StreamServerOptions& options = {});
    ~StreamServer();
    StreamServer(const StreamServer&) = delete;
    StreamServer& operator=(const StreamServer&) = delete;

    // `fd` listens; not started yet.
    Status add_listener(UniqueFd fd, const StreamListenerOptions& options);
    // Begins to accept. From here on in the ring's thread.
    void start();
    // The time of this turn of the loop; connections whose deadline has passed are told.
    void set_time(uint64_t now_ms);
    // After each reap.
    void finish_turn();
    // Accepts no more, and tells every session that it is to end. May be called again.
    void drain();

    size_t open_connections() const { return open_; }
    StreamHost& host() { return host_; }

  private:
    friend class StreamListener;
    struct Ignored final : Operation {
        void complete(const Completion&) override {}
    };

    StreamServer(Ring& ring, BufferPool pool, BufferRing buffers, storage::WorkerCounters& counters,
                 storage::StreamCounters& streams, const StreamServerOptions& options);
    void arm_all();
    void on_accept(StreamListener& listener, const Completion& completion);
    void open(StreamListener& listener, UniqueFd fd);
    std::optional<storage::StreamEnd> admit(StreamListener& listener, const PeerAddress& peer,
                                            bool& counted);
    void count_open(StreamListener& listener, int change);
    void refuse(UniqueFd fd, storage::StreamEnd why);
    Connection* take_place();
    Task<> run(Connection& connection);
    Task<std::optional<storage::StreamEnd>> begin(Connection& connection);
    Task<std::optional<storage::StreamEnd>> read_proxy_header(Connection& connection);
    Task<std::optional<storage::StreamEnd>> begin_tls(Connection& connection);
    Task<> say_goodbye(Connection& connection);
    void note_end(Connection& connection);
    static void on_closed(Stream& stream, void* connection);

    Ring& ring_;
    storage::WorkerCounters& counters_;
    storage::StreamCounters& streams_;
    StreamServerOptions options_;
    BufferPool pool_;
    BufferRing buffers_;
    TimerWheel timers_;
    StreamHost host_;
    SocketHost sockets_;
    SourceLimits sources_;
    Ignored ignored_;
    std::vector<std::unique_ptr<StreamListener>> listeners_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> free_;  // last out first in: its memory is warm
    size_t open_ = 0;
    size_t open_apart_ = 0;  // of these, at listeners with places of their own
    bool draining_ = false;
    bool crowded_ = false;
    bool unarmed_ = false;
    bool short_of_descriptors_ = false;
    uint64_t shortage_ms_ = 0;
};

}  // namespace gatepost::dataplane
