// The coroutine of each connection, from its first octet to its place's being free again.
#include <unistd.h>

#include "dataplane/log/log.h"
#include "dataplane/stream/proxy_header.h"
#include "dataplane/stream/stream_server.h"

namespace gatepost::dataplane {

namespace {

using storage::StreamEnd;
using storage::TlsFailure;
using storage::WorkerCounters;

constexpr uint64_t kProxyHeaderMs = 5'000;  // a proxy beside us sends it at once
constexpr uint64_t kHandshakeMs = 10'000;   // three round trips on a bad line, twice
// For the last reply to be taken, and for the peer to close its side: closing with octets unread
// would make the kernel discard what is on its way (RFC 9112 §9.6).
constexpr uint64_t kGoodbyeMs = 2'000;

size_t version_index(std::string_view version) {
    return version == "TLSv1.3" ? 1 : 0;
}

// Not where the client cannot or will not read it, nor where places are what is scarce.
bool deserves_goodbye(StreamEnd end) {
    switch (end) {
        case StreamEnd::reset:
        case StreamEnd::no_memory:
        case StreamEnd::not_read:
        case StreamEnd::proxy_header:
        case StreamEnd::listener_limit:
        case StreamEnd::source_limit:
        case StreamEnd::prefix_limit:
            return false;
        default:
            return true;
    }
}

// Unique among the processes that are likely to run at the same time.
uint64_t next_session_id() {
    static thread_local uint64_t next = uint64_t{static_cast<uint32_t>(::gettid())} << 32;
    return ++next;
}

}  // namespace

void StreamServer::count_open(StreamListener& listener, int change) {
    listener.open += static_cast<uint32_t>(change);
    open_ += static_cast<size_t>(change);
    if (listener.options.has_own_places) open_apart_ += static_cast<size_t>(change);
    crowded_ = (open_ - open_apart_) * 4 >= size_t{options_.connections_max} * 3;
    streams_.open.store(open_, std::memory_order_relaxed);
    counters_.tcp_connections.store(open_, std::memory_order_relaxed);
}

void StreamServer::open(StreamListener& listener, UniqueFd fd) {
    if (draining_) return refuse(std::move(fd), StreamEnd::drained);
    PeerAddress peer;
    if (!PeerAddress::of_socket(fd.get(), peer)) return refuse(std::move(fd), StreamEnd::reset);
    bool counted = false;
    if (auto refused = admit(listener, peer, counted)) return refuse(std::move(fd), *refused);
    Connection& connection = *take_place();
    connection.source = connection.client = peer;
    connection.counted = counted;
    connection.listener = &listener;
    connection.end = StreamEnd::server;
    storage::count(streams_.total);
    WorkerCounters::add(counters_.tcp_connections_total, 1);
    count_open(listener, 1);
    connection.stream.emplace(host_, connection.transport);
    connection.stream->closed = on_closed;
    connection.stream->closed_argument = &connection;
    connection.session.emplace(Session{.stream = *connection.stream,
                                       .client = connection.client,
                                       .id = next_session_id(),
                                       .crowded = crowded_,
                                       .draining = draining_});
    connection.transport.open(std::move(fd), *connection.stream);
    connection.task = run(connection);
    connection.task.start();
}

Task<> StreamServer::run(Connection& connection) {
    StreamListener& listener = *connection.listener;
    std::optional<StreamEnd> failed;
    if (listener.options.tls != nullptr || !listener.options.proxies.empty())
        failed = co_await begin(connection);
    if (failed) {
        connection.end = *failed;
    } else {
        co_await listener.options.protocol->serve(*connection.session);
        connection.end = connection.session->end;
        if (connection.end == StreamEnd::tls_failed && connection.stream->tls() != nullptr)
            storage::count(
                streams_.tls_failures[static_cast<size_t>(connection.stream->tls()->failure())]);
    }
    if (deserves_goodbye(connection.end)) co_await say_goodbye(connection);
    note_end(connection);
    connection.stream->close();
}

Task<std::optional<StreamEnd>> StreamServer::begin(Connection& connection) {
    StreamListener& listener = *connection.listener;
    if (is_proxy(listener.options, connection.source)) {
        if (auto failed = co_await read_proxy_header(connection)) co_return failed;
    }
    if (listener.options.tls != nullptr) co_return co_await begin_tls(connection);
    co_return std::nullopt;
}

Task<std::optional<StreamEnd>> StreamServer::read_proxy_header(Connection& connection) {
    Stream& stream = *connection.stream;
    stream.expect_within(kProxyHeaderMs);
    for (size_t needed = 1;;) {
        StreamStatus status = co_await stream.until(needed);
        if (status == StreamStatus::timeout || status == StreamStatus::end)
            co_return StreamEnd::proxy_header;
        if (status != StreamStatus::ok) co_return stream_end(status);
        ProxyHeader header = parse_proxy_header(stream.input());
        using Outcome = ProxyHeader::Outcome;
        if (header.outcome == Outcome::broken) co_return StreamEnd::proxy_header;
        if (header.outcome == Outcome::incomplete) {
            needed = stream.input().size() + 1;
            continue;
        }
        stream.consume(header.length);
        if (header.outcome == Outcome::local) co_return std::nullopt;
        connection.client = header.client;
        auto refused = refusal(sources_.enter(header.client));
        connection.counted = !refused;
        co_return refused;
    }
}

Task<std::optional<StreamEnd>> StreamServer::begin_tls(Connection& connection) {
    Stream& stream = *connection.stream;
    StreamListener& listener = *connection.listener;
    stream.expect_within(kHandshakeMs);
    StreamStatus status = co_await stream.start_tls(*listener.options.tls);
    if (status == StreamStatus::ok) {
        const TlsSession& tls = *stream.tls();
        storage::count(streams_.handshakes[version_index(tls.version())][tls.resumed() ? 1 : 0]);
        co_return std::nullopt;
    }
    TlsFailure failure = TlsFailure::other;
    if (status == StreamStatus::tls_failed && stream.tls() != nullptr)
        failure = stream.tls()->failure();
    if (status == StreamStatus::timeout) failure = TlsFailure::timeout;
    if (status == StreamStatus::end || status == StreamStatus::reset)
        failure = TlsFailure::peer_closed;
    storage::count(streams_.tls_failures[static_cast<size_t>(failure)]);
    if (log_enabled(LogLevel::debug))
        log(LogLevel::debug, "stream.tls_failed",
            {{"session", session_text(connection.session->id)},
             {"client", connection.client.text()},
             {"listener", listener.options.name},
             {"failure", storage::tls_failure_name(failure)},
             {"reason", stream.tls() == nullptr ? std::string() : stream.tls()->error()}});
    co_return status == StreamStatus::no_memory ? StreamEnd::no_memory : StreamEnd::tls_failed;
}

Task<> StreamServer::say_goodbye(Connection& connection) {
    Stream& stream = *connection.stream;
    stream.expect_within(kGoodbyeMs);
    stream.append_close_notify();
    StreamStatus sent = co_await stream.push();
    if (sent != StreamStatus::ok && sent != StreamStatus::tls_failed) co_return;
    if (stream.peer_has_ended()) co_return;
    stream.shutdown_write();
    co_await stream.linger();
}

void StreamServer::note_end(Connection& connection) {
    StreamListener& listener = *connection.listener;
    storage::count(streams_.ends[static_cast<size_t>(connection.end)]);
    if (!log_enabled(LogLevel::debug)) return;
    log(LogLevel::debug, "stream.closed",
        {{"session", session_text(connection.session->id)},
         {"client", connection.client.text()},
         {"listener", listener.options.name},
         {"end", storage::stream_end_name(connection.end)},
         {"received_bytes", connection.stream->received_octets()},
         {"sent_bytes", connection.stream->sent_octets()}});
}

void StreamServer::on_closed(Stream&, void* argument) {
    auto& connection = *static_cast<Connection*>(argument);
    StreamServer& server = *connection.server;
    StreamListener& listener = *connection.listener;
    if (connection.counted) server.sources_.leave(connection.client);
    connection.counted = false;
    connection.task.reset();
    connection.session.reset();
    connection.stream.reset();
    server.count_open(listener, -1);
    server.free_.push_back(&connection);
}

}  // namespace gatepost::dataplane
