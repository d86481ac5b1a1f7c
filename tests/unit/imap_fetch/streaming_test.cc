// Large bodies, slow clients, and what goes wrong while a body is read or written.
#include <gtest/gtest.h>

#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

std::string text_lines(size_t octets) {
    std::string lines;
    for (uint64_t number = 0; lines.size() < octets; ++number)
        lines += "line " + std::to_string(number * 2654435761U) + " of the text\r\n";
    lines.resize(octets);
    return lines;
}

TEST(Streaming, TakesNoMoreMemoryForALargeMessage) {
    const std::string message = kPlainMessage + text_lines(20 * kMiB);
    BodyStore store(message);
    // Three of the largest chunks and some of the others.
    const Fetching how{.pool_octets = size_t{384} << 10, .summary = encoded_summary_of(message)};
    const Fetched fetched = fetch("UID BODY[] FLAGS", store, message.size(), how);
    EXPECT_EQ(fetched.result.status, FetchStatus::ok);
    EXPECT_EQ(fetched.result.body_octets, message.size());
    EXPECT_LE(store.largest_read, size_t{64} << 10);
    EXPECT_TRUE(same_octets(fetched.text, "* 3 FETCH (UID 7 BODY[] " + literal(message) +
                                              " FLAGS (\\Seen \\Flagged $Forwarded))\r\n"));
}

TEST(Streaming, ReadsOnlyWhatIsWantedOfALargeMessage) {
    const std::string message = kPlainMessage + text_lines(2 * kMiB);
    BodyStore store(message);
    const Fetching how{.summary = encoded_summary_of(message)};
    const Fetched fetched = fetch("BODY[]<1000000.100000>", store, message.size(), how);
    EXPECT_TRUE(same_octets(
        fetched.text,
        "* 3 FETCH (BODY[]<1000000> " + literal(message.substr(1'000'000, 100'000)) + ")\r\n"));
    EXPECT_EQ(store.octets_read, 100'000U);
}

TEST(Streaming, WaitsForASlowClient) {
    const std::string message = kPlainMessage + text_lines(3 * kMiB);
    BodyStore store(message);
    const FetchPlan plan(fetch_items("BODY[]"), {});
    FetchedMessage fetched;
    fetched.number = 3;
    fetched.entry = sample_entry(message.size());
    const Charsets charsets;
    FetchResult result;
    StreamRig rig(size_t{384} << 10);
    rig.transport.send_blocked = true;
    rig.serve([&](Stream& stream) -> Task<> {
        result = co_await write_with_body(plan, fetched, store, charsets, stream);
        (void)co_await stream.push();
    });
    EXPECT_TRUE(rig.waits());
    EXPECT_LE(store.octets_read, size_t{256} << 10);
    rig.transport.send_blocked = false;
    rig.transport.send_max = 1000;
    rig.transport.run();
    EXPECT_FALSE(rig.waits());
    EXPECT_EQ(result.status, FetchStatus::ok);
    EXPECT_TRUE(
        same_octets(rig.transport.take_sent(), "* 3 FETCH (BODY[] " + literal(message) + ")\r\n"));
}

TEST(Streaming, WaitsForAPieceAtATimeAndNoLonger) {
    const std::string message = kPlainMessage + text_lines(kMiB);
    for (const bool has_stopped : {false, true}) {
        BodyStore store(message);
        const FetchPlan plan(fetch_items("BODY[]"), {});
        FetchedMessage fetched;
        fetched.number = 3;
        fetched.entry = sample_entry(message.size());
        const Charsets charsets;
        FetchResult result;
        StreamRig rig;
        rig.transport.send_blocked = true;
        store.on_read = [&] { rig.transport.send_blocked = true; };
        rig.serve([&](Stream& stream) -> Task<> {
            result = co_await write_with_body(plan, fetched, store, charsets, stream);
            (void)co_await stream.push();
        });
        // A piece every 100 seconds: the whole takes much longer than the deadline.
        int pieces = 0;
        for (; pieces < 40 && rig.waits(); ++pieces) {
            rig.advance(kFetchPieceMs - 20'000);
            rig.transport.send_blocked = has_stopped;
            rig.transport.run();
        }
        EXPECT_GT(pieces, has_stopped ? 1 : 10);
        EXPECT_FALSE(rig.waits());
        EXPECT_EQ(result.status, has_stopped ? FetchStatus::stream : FetchStatus::ok);
        EXPECT_EQ(result.stream_status, has_stopped ? StreamStatus::timeout : StreamStatus::ok);
    }
}

TEST(Streaming, PutsShortReadsTogether) {
    const NestedMessage nested = nested_message();
    const std::string message = nested.whole();
    BodyStore store(message);
    store.piece_max = 7;
    const Fetched fetched =
        fetch("BODY[] BINARY[3]", store, message.size(), {.with_summary = false});
    using namespace std::string_literals;
    EXPECT_EQ(fetched.text, "* 3 FETCH (BODY[] " + literal(message) + " BINARY[3] ~{5}\r\n" +
                                "\0\1\2\3\0"s + ")\r\n");
}

TEST(Streaming, WritesNothingOfABodyThatCannotBeRead) {
    const std::string small = nested_message().whole();
    const std::string large = kPlainMessage + text_lines(kMiB);
    for (const std::string& message : {small, large}) {
        for (const std::string items : {"UID BODY[]", "UID BODY[HEADER.FIELDS (To)]", "ENVELOPE",
                                        "BODY[TEXT]", "BINARY[1]", "BODY[1]<3.4>"}) {
            for (const bool with_summary : {true, false}) {
                BodyStore store(message);
                store.reads_until_error = 0;
                Fetching how{.with_summary = with_summary};
                if (with_summary) how.summary = encoded_summary_of(message);
                const Fetched fetched = fetch(items, store, message.size(), how);
                if (store.reads == 0) continue;  // the summary was enough
                EXPECT_EQ(fetched.result.status, FetchStatus::unreadable) << items;
                EXPECT_EQ(fetched.text, "");
            }
        }
    }
}

TEST(Streaming, WritesNothingOfASmallBodyThatHasLostItsEnd) {
    const std::string message = nested_message().whole();
    BodyStore store(message);
    store.lost_from = message.size() - 1;
    const Fetched fetched =
        fetch("BODY[]", store, message.size(), {.summary = encoded_summary_of(message)});
    EXPECT_EQ(fetched.result.status, FetchStatus::unreadable);
    EXPECT_EQ(fetched.text, "");
}

TEST(Streaming, EndsTheStreamInTheMiddleOfALiteral) {
    const std::string message = kPlainMessage + text_lines(kMiB);
    BodyStore store(message);
    store.reads_until_error = 3;
    const Fetched fetched =
        fetch("BODY[]", store, message.size(), {.summary = encoded_summary_of(message)});
    EXPECT_EQ(fetched.result.status, FetchStatus::stream);
    EXPECT_EQ(fetched.result.stream_status, StreamStatus::reset);
    const std::string wanted = "* 3 FETCH (BODY[] " + literal(message);
    EXPECT_TRUE(same_octets(fetched.text, wanted.substr(0, fetched.text.size())));
    EXPECT_LT(fetched.text.size(), wanted.size());
}

TEST(Streaming, GivesUpWhenTheClientHasGone) {
    const std::string message = kPlainMessage + text_lines(kMiB);
    BodyStore store(message);
    const FetchPlan plan(fetch_items("BODY[]"), {});
    FetchedMessage fetched;
    fetched.entry = sample_entry(message.size());
    const Charsets charsets;
    FetchResult result;
    StreamRig rig;
    rig.transport.send_fails_after = 200'000;
    rig.serve([&](Stream& stream) -> Task<> {
        result = co_await write_with_body(plan, fetched, store, charsets, stream);
    });
    EXPECT_EQ(result.status, FetchStatus::stream);
    EXPECT_EQ(result.stream_status, StreamStatus::reset);
    EXPECT_LT(store.octets_read, size_t{512} << 10);
}

TEST(Streaming, GivesUpWhenTheWorkersBuffersAreInUse) {
    const std::string message = kPlainMessage + text_lines(50'000);
    BodyStore store(message);
    const FetchPlan plan(fetch_items("BODY[] BODY[] BODY[] BODY[] BODY[] BODY[]"), {});
    FetchedMessage fetched;
    fetched.entry = sample_entry(message.size());
    const Charsets charsets;
    FetchResult result;
    StreamRig rig(size_t{128} << 10);
    rig.transport.send_blocked = true;
    std::vector<Chunk*> taken;
    while (Chunk* chunk = rig.pool.take(BufferPool::largest())) taken.push_back(chunk);
    while (Chunk* chunk = rig.pool.take(1)) taken.push_back(chunk);
    rig.serve([&](Stream& stream) -> Task<> {
        result = co_await write_with_body(plan, fetched, store, charsets, stream);
    });
    EXPECT_EQ(result.status, FetchStatus::stream);
    EXPECT_EQ(result.stream_status, StreamStatus::no_memory);
    for (Chunk* chunk : taken) rig.pool.give(chunk);
}

TEST(Streaming, MayBeGivenUpAtAnyTime) {
    const std::string message = kPlainMessage + text_lines(kMiB);
    BodyStore store(message);
    const FetchPlan plan(fetch_items("BODY[] BINARY[1]"), {});
    FetchedMessage fetched;
    fetched.entry = sample_entry(message.size());
    const Charsets charsets;
    StreamRig rig;
    rig.transport.send_blocked = true;
    rig.serve([&](Stream& stream) -> Task<> {
        (void)co_await write_with_body(plan, fetched, store, charsets, stream);
    });
    EXPECT_TRUE(rig.waits());
    rig.close();
    EXPECT_TRUE(rig.closed);
}

}  // namespace
}  // namespace gatepost::dataplane
