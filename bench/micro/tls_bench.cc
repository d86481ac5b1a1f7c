// What TLS costs the server: handshakes and records through TlsSession, beside the same done with
// the library alone over its memory BIOs, and beside the two operations that a handshake cannot do
// without, signing and deriving. The client's share is not in any figure.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/ssl.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "bench/micro/tls_bench_server.h"

namespace {

using gatepost::Bytes;
using gatepost::bench::RawServer;
using gatepost::bench::RawSide;
using gatepost::bench::SessionServer;
using gatepost::bench::SessionSide;

class Client {
  public:
    explicit Client(SSL_SESSION* ticket = nullptr) : ssl_(SSL_new(context())) {
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_, in_, out_);
        SSL_set_connect_state(ssl_);
        SSL_set_tlsext_host_name(ssl_, "www.example.org");
        if (ticket != nullptr) SSL_set_session(ssl_, ticket);
    }
    ~Client() { SSL_free(ssl_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // What goes to the server next, after what came from it.
    std::vector<uint8_t> step(Bytes from_server) {
        BIO_write(in_, from_server.data(), static_cast<int>(from_server.size()));
        SSL_do_handshake(ssl_);
        ERR_clear_error();
        return take();
    }
    std::vector<uint8_t> write(Bytes plaintext) {
        SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size()));
        return take();
    }
    // Reads the tickets; the caller has one of them.
    SSL_SESSION* ticket(Bytes from_server) {
        BIO_write(in_, from_server.data(), static_cast<int>(from_server.size()));
        uint8_t octet = 0;
        SSL_read(ssl_, &octet, 1);
        ERR_clear_error();
        return std::exchange(latest(), nullptr);
    }
    bool resumed() const { return SSL_session_reused(ssl_) == 1; }

  private:
    static SSL_SESSION*& latest() {
        static SSL_SESSION* ticket = nullptr;
        return ticket;
    }
    static SSL_CTX* context() {
        static SSL_CTX* const shared = [] {
            SSL_CTX* made = SSL_CTX_new(TLS_with_buffers_method());
            SSL_CTX_set_custom_verify(made, SSL_VERIFY_PEER,
                                      [](SSL*, uint8_t*) { return ssl_verify_ok; });
            SSL_CTX_set_session_cache_mode(made,
                                           SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
            SSL_CTX_sess_set_new_cb(made, [](SSL*, SSL_SESSION* session) {
                SSL_SESSION_free(std::exchange(latest(), session));
                return 1;
            });
            return made;
        }();
        return shared;
    }
    std::vector<uint8_t> take() {
        const uint8_t* octets = nullptr;
        size_t length = 0;
        BIO_mem_contents(out_, &octets, &length);
        std::vector<uint8_t> taken(octets, octets + length);
        BIO_reset(out_);
        return taken;
    }

    SSL* ssl_;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
};

// Of the processor's time of this thread: whatever else runs here is not in it.
class Stopwatch {
  public:
    template <typename Function>
    auto run(Function&& function) {
        const double begin = now();
        auto result = function();
        seconds_ += now() - begin;
        return result;
    }
    double seconds() const { return seconds_; }

  private:
    static double now() {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    }

    double seconds_ = 0;
};

// The server's part is measured; false: no handshake came about.
template <typename Server, typename Side>
bool shake(Side& side, Client& client, Server& server, Stopwatch& watch) {
    const std::vector<uint8_t> hello = client.step({});
    watch.run([&] {
        server.open(side);
        return server.advance(hello);
    });
    const std::vector<uint8_t> finished = client.step(server.take());
    return watch.run([&] { return server.advance(finished) && server.send_tickets(); });
}

template <typename Server, typename Side>
void handshakes(benchmark::State& state, SSL_SESSION* ticket) {
    Side side;
    for (auto _ : state) {
        Stopwatch watch;
        Client client(ticket);
        Server server;
        if (!shake(side, client, server, watch) || client.resumed() != (ticket != nullptr)) {
            state.SkipWithError("no handshake of that kind");
            return;
        }
        watch.run([&] {
            server.close();
            return true;
        });
        state.SetIterationTime(watch.seconds());
    }
}

template <typename Server, typename Side>
void full(benchmark::State& state) {
    handshakes<Server, Side>(state, nullptr);
}
BENCHMARK(full<SessionServer, SessionSide>)->Name("handshake/session")->UseManualTime();
BENCHMARK(full<RawServer, RawSide>)->Name("handshake/raw")->UseManualTime();

template <typename Server, typename Side>
void resumption(benchmark::State& state) {
    Side side;
    Stopwatch watch;
    Client client;
    Server server;
    SSL_SESSION* ticket = nullptr;
    if (shake(side, client, server, watch)) ticket = client.ticket(server.take());
    if (ticket == nullptr) {
        state.SkipWithError("no ticket");
        return;
    }
    for (auto _ : state) {
        Stopwatch each;
        Client again(ticket);
        Server next;
        if (!shake(side, again, next, each) || !again.resumed()) {
            state.SkipWithError("not resumed");
            break;
        }
        each.run([&] {
            next.close();
            return true;
        });
        state.SetIterationTime(each.seconds());
    }
    SSL_SESSION_free(ticket);
}
BENCHMARK(resumption<SessionServer, SessionSide>)->Name("resumption/session")->UseManualTime();
BENCHMARK(resumption<RawServer, RawSide>)->Name("resumption/raw")->UseManualTime();

constexpr size_t kBatch = 64;  // records

template <typename Server, typename Side>
void write_records(benchmark::State& state) {
    Side side;
    Stopwatch watch;
    Client client;
    Server server;
    if (!shake(side, client, server, watch)) state.SkipWithError("no handshake");
    const std::vector<uint8_t> plaintext(static_cast<size_t>(state.range(0)), 'x');
    for (auto _ : state) {
        for (size_t i = 0; i < kBatch; ++i) server.write(plaintext);
        server.discard();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
    state.SetBytesProcessed(state.items_processed() * state.range(0));
}
BENCHMARK(write_records<SessionServer, SessionSide>)->Name("write/session")->Arg(100)->Arg(16384);
BENCHMARK(write_records<RawServer, RawSide>)->Name("write/raw")->Arg(100)->Arg(16384);

template <typename Server, typename Side>
void read_records(benchmark::State& state) {
    Side side;
    Stopwatch watch;
    Client client;
    Server server;
    if (!shake(side, client, server, watch)) state.SkipWithError("no handshake");
    const auto size = static_cast<size_t>(state.range(0));
    const std::vector<uint8_t> plaintext(size, 'x');
    for (auto _ : state) {
        std::vector<uint8_t> ciphertext;
        for (size_t i = 0; i < kBatch; ++i) {
            const std::vector<uint8_t> record = client.write(plaintext);
            ciphertext.insert(ciphertext.end(), record.begin(), record.end());
        }
        Stopwatch each;
        if (each.run([&] { return server.read_all(ciphertext); }) != size * kBatch)
            state.SkipWithError("not read");
        state.SetIterationTime(each.seconds());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
    state.SetBytesProcessed(state.items_processed() * state.range(0));
}
BENCHMARK(read_records<SessionServer, SessionSide>)
    ->Name("read/session")
    ->Arg(100)
    ->Arg(16384)
    ->UseManualTime();
BENCHMARK(read_records<RawServer, RawSide>)
    ->Name("read/raw")
    ->Arg(100)
    ->Arg(16384)
    ->UseManualTime();

// What an established connection keeps on the heap while nothing is said: with the tickets sent,
// and with one request and its answer behind it.
template <typename Server, typename Side>
void idle(benchmark::State& state) {
    constexpr size_t kSessions = 1000;
    Side side;
    std::vector<std::unique_ptr<Server>> servers;
    for (auto _ : state) {
        Stopwatch watch;
        servers.clear();
        servers.reserve(kSessions);
        const size_t before = mallinfo2().uordblks;
        for (size_t i = 0; i < kSessions; ++i) {
            Client client;
            auto& server = servers.emplace_back(std::make_unique<Server>());
            if (!shake(side, client, *server, watch)) state.SkipWithError("no handshake");
            server->discard();
            const uint8_t request[40] = {};
            server->read_all(client.write(request));
            server->write(request);
            server->discard();
        }
        state.counters["B/session"] =
            static_cast<double>(mallinfo2().uordblks - before) / kSessions;
    }
}
BENCHMARK(idle<SessionServer, SessionSide>)->Name("idle/session")->Iterations(3);
BENCHMARK(idle<RawServer, RawSide>)->Name("idle/raw")->Iterations(3);

bssl::UniquePtr<EC_KEY> p256_key() {
    bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    EC_KEY_generate_key(key.get());
    return key;
}

void sign_p256(benchmark::State& state) {
    bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
    EVP_PKEY_set1_EC_KEY(key.get(), p256_key().get());
    const std::vector<uint8_t> text(130, 't');  // as long as what a server signs
    for (auto _ : state) {
        bssl::ScopedEVP_MD_CTX context;
        uint8_t signature[80];
        size_t length = sizeof signature;
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
        EVP_DigestSign(context.get(), signature, &length, text.data(), text.size());
        benchmark::DoNotOptimize(signature);
    }
}
BENCHMARK(sign_p256);

// A key pair of one's own, and the secret that comes of it and the other's.
void derive_x25519(benchmark::State& state) {
    uint8_t theirs[32];
    uint8_t ours[32];
    uint8_t secret[32];
    X25519_keypair(theirs, secret);
    for (auto _ : state) {
        uint8_t key[32];
        X25519_keypair(ours, key);
        X25519(secret, key, theirs);
        benchmark::DoNotOptimize(secret);
    }
}
BENCHMARK(derive_x25519);

void derive_p256(benchmark::State& state) {
    const bssl::UniquePtr<EC_KEY> theirs = p256_key();
    for (auto _ : state) {
        const bssl::UniquePtr<EC_KEY> ours = p256_key();
        uint8_t secret[32];
        ECDH_compute_key(secret, sizeof secret, EC_KEY_get0_public_key(theirs.get()), ours.get(),
                         nullptr);
        benchmark::DoNotOptimize(secret);
    }
}
BENCHMARK(derive_p256);

}  // namespace

BENCHMARK_MAIN();
