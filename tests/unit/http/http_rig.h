// The HTTP server in memory, for tests: connections whose octets the test plays, a directory and
// zones of the test's choice, a clock that stands still.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/http/http_service.h"
#include "dataplane/stream/memory_transport.h"
#include "storage/directory/mail_entries.h"
#include "storage/directory/redirect.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {

class TestEnvironment final : public dataplane::HttpEnvironment, public dataplane::BurstAnswerer {
  public:
    TestEnvironment();

    uint64_t unix_s() const override { return now_s; }
    uint64_t monotonic_ns() const override { return now_ns; }
    dataplane::BurstAnswerer& answerer() override { return *this; }
    dataplane::BufferPool& buffers() override { return pool; }
    storage::StreamCounters& counters() override { return page_->streams[0]; }
    const storage::RuntimePage& page() const override { return *page_; }
    dataplane::SnapshotFacts zones() const override { return zone_facts; }
    dataplane::SnapshotFacts directory() const override { return directory_facts; }
    std::optional<storage::DirectoryEntry> find(storage::EntryKind kind,
                                                std::string_view key) const override;
    size_t certificates(std::span<dataplane::CertificateFacts> out) const override;

    void answer(std::span<dataplane::Exchange> burst) override;

    void add_redirect(const std::string& host, const storage::Redirect& redirect);
    void add_mail_domain(const std::string& name, const storage::MailDomain& domain);
    void add_challenge(const std::string& key, const std::string& value);
    storage::RuntimePage& mutable_page() { return *page_; }
    uint64_t requests(dataplane::HttpVersion version, int status_class) const;

    uint64_t now_s = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
    uint64_t now_ns = 1'000'000'000;
    dataplane::SnapshotFacts zone_facts = {.generation = 1, .version = 7, .zones = 1, .names = 5};
    dataplane::SnapshotFacts directory_facts = {.generation = 1, .version = 2, .names = 3};
    std::vector<dataplane::CertificateFacts> certificate_facts;
    const storage::Image* image = nullptr;  // sample_zones(), unless set otherwise
    std::vector<size_t> bursts;             // how many queries each had

  private:
    std::unique_ptr<storage::RuntimePage> page_;
    std::map<std::pair<int, std::string>, std::vector<uint8_t>> entries_;
    dataplane::Responder responder_;

  public:
    dataplane::BufferPool pool;
};

// example. with www (A, TTL 300 and 60), alias, text, big and a denial; made once.
const TestArena& sample_zones();

// One connection to a service, plain.
class HttpConnection {
  public:
    HttpConnection(TestEnvironment& environment, dataplane::HttpService& service);
    ~HttpConnection();

    // Lets it arrive and everything happen that can; gives what was sent.
    std::string play(std::string_view octets);
    void arrive_end() { transport.arrive_end(), transport.run(); }
    void pass(uint64_t ms);  // time
    void drain();
    bool has_ended() const { return task_.is_done(); }
    dataplane::MemoryTransport transport;
    dataplane::PeerAddress client;
    bool crowded = false;

  private:
    dataplane::TimerWheel timers_;
    dataplane::StreamHost host_;
    std::optional<dataplane::Stream> stream_;

  public:
    std::optional<dataplane::Session> session;

  private:
    dataplane::Task<> task_;
};

struct HttpRig {
    explicit HttpRig(const dataplane::HttpOptions& options = {});

    // A new connection that the octets are played on; what came back, its end and counters.
    std::string play(std::string_view octets);
    HttpConnection& connect();

    TestEnvironment environment;
    std::unique_ptr<dataplane::HttpService> service;
    std::deque<HttpConnection> connections;
};

// A response of HTTP/1.1, read by rules of its own.
struct HttpText {
    int status = 0;
    std::map<std::string, std::string> fields;  // names in lower case
    std::string body;
    size_t length = 0;  // of all of it
};
// The first one in `text`; status 0: it is not whole, or malformed. `head_only`: without its body.
HttpText read_response(std::string_view text, bool head_only = false);
std::vector<HttpText> read_responses(std::string_view text);

// "GET /dns-query?dns=… HTTP/1.1" of that message.
std::string base64url(Bytes octets);
std::string to_string(Bytes octets);
Bytes to_bytes(std::string_view text);

}  // namespace gatepost::tests
