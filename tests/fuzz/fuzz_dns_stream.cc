// DNS over a stream, in memory: whatever comes, in whatever pieces, each whole message gets its
// reply, in order, until the framing breaks; nothing is left behind when the connection is gone.
//
// The first four octets of the input say how the rest arrives: how many octets at a time are
// received, and sent; bit 0 of the third whether the peer reads only later, bit 1 whether it ends
// its side, bits 2 to 7 how few buffers there are; the fourth after how many events the connection
// is reset (0: never).
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "dataplane/dns_stream/dns_stream.h"
#include "dataplane/stream/memory_transport.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr size_t kSizes[] = {1, 2, 3, 13, 100, 1000, 4096, 65'536};
constexpr size_t kControls = 4;  // octets
constexpr uint64_t kStartMs = 1'000'000;

// The reply is the query's octets over and over; its first two say how many there are.
size_t reply_length(const uint8_t* query) {
    const size_t wanted = load_be16(query);
    return wanted < 0xc000 ? wanted % 600 : wanted;
}

void fill_reply(const uint8_t* query, size_t query_length, uint8_t* reply) {
    for (size_t i = 0; i < reply_length(query); ++i) reply[i] = query[i % query_length];
}

struct Answerer final : BurstAnswerer {
    void answer(std::span<Exchange> burst) override {
        GATEPOST_CHECK(!burst.empty() && burst.size() <= kBurstMax);
        for (Exchange& one : burst) {
            GATEPOST_CHECK(one.query_length >= 12);
            fill_reply(one.query, one.query_length, one.reply);
            one.reply_length = static_cast<uint16_t>(reply_length(one.query));
        }
    }
};

// What is to be sent for these octets.
std::string expected_replies(Bytes octets) {
    std::string all;
    while (octets.size() >= 2) {
        const size_t length = load_be16(octets.data());
        if (length < 12 || octets.size() < 2 + length) break;
        const uint8_t* query = octets.data() + 2;
        std::string reply(reply_length(query), '\0');
        fill_reply(query, length, reinterpret_cast<uint8_t*>(reply.data()));
        if (!reply.empty()) {
            all += static_cast<char>(reply.size() >> 8);
            all += static_cast<char>(reply.size());
            all += reply;
        }
        octets = octets.subspan(2 + length);
    }
    return all;
}

class Connection {
  public:
    explicit Connection(size_t pool_octets)
        : pool_(std::move(*BufferPool::create(pool_octets, counters_))) {
        timers_.advance(kStartMs);
        stream_.emplace(host_, transport);
        transport.attach(*stream_);
        stream_->closed = [](Stream&, void* argument) {
            auto& connection = *static_cast<Connection*>(argument);
            connection.task_.reset();
            connection.stream_.reset();
        };
        stream_->closed_argument = this;
    }

    void start() {
        task_ = run();
        task_.start();
    }
    void pass(uint64_t ms) {
        timers_.advance(timers_.now_ms() + ms);
        transport.run();
    }
    bool is_open() const { return stream_.has_value(); }
    size_t buffers() const { return pool_.used_octets(); }

    MemoryTransport transport;

  private:
    Task<> run() {
        Session session{.stream = *stream_, .client = client_, .id = 1, .crowded = crowded_};
        co_await dns_.serve(session);
        stream_->expect_within(1000);
        co_await stream_->push();
        stream_->close();
    }

    static ReplyScratch& scratch() {
        static ReplyScratch one = std::move(*ReplyScratch::create());
        return one;
    }

    storage::StreamCounters counters_{};
    storage::WorkerCounters workers_{};
    BufferPool pool_;
    TimerWheel timers_;
    StreamHost host_{pool_, timers_, counters_};
    Answerer answerer_;
    DnsStream dns_{answerer_, scratch(), workers_, {}};
    PeerAddress client_;
    bool crowded_ = false;
    std::optional<Stream> stream_;
    Task<> task_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < kControls || size > 300'000) return 0;
    const Bytes octets(data + kControls, size - kControls);
    const bool few_buffers = data[2] >> 2 != 0;
    Connection connection(few_buffers ? size_t{data[2]} << 12 : size_t{8} << 20);
    connection.transport.receive_max = kSizes[data[0] % std::size(kSizes)];
    connection.transport.send_max = kSizes[data[1] % std::size(kSizes)];
    connection.transport.send_blocked = (data[2] & 1) != 0;
    if (data[3] != 0) connection.transport.events_until_reset = data[3] * size_t{3};
    connection.start();
    connection.transport.arrive({reinterpret_cast<const char*>(octets.data()), octets.size()});
    if ((data[2] & 2) != 0) connection.transport.arrive_end();
    connection.transport.run();
    connection.transport.send_blocked = false;
    connection.transport.run();

    const std::string sent = connection.transport.take_sent();
    const std::string expected = expected_replies(octets);
    GATEPOST_CHECK(expected.starts_with(sent));
    if (data[3] == 0 && !few_buffers) GATEPOST_CHECK(sent == expected);
    // Whatever it waits for, it does not wait for ever.
    for (int i = 0; i < 3 && connection.is_open(); ++i) connection.pass(20'000);
    GATEPOST_CHECK(!connection.is_open() && connection.buffers() == 0);
    return 0;
}
