// What a change and a look cost in the index of mailboxes, by the messages of the mailbox.
//
// Budget: one flag of one message among 100,000 in at most 10 µs; a walk over entries at the speed
// of memory.
#include <benchmark/benchmark.h>

#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace {

using namespace gatepost;
using namespace gatepost::storage;

constexpr uint64_t kBox = 40;

MailboxMessage message_of(uint32_t uid, uint64_t modseq) {
    MailboxMessage message;
    message.entry.uid = uid;
    message.entry.modseq = modseq;
    message.entry.flags = static_cast<uint8_t>(modseq & kAllFlags);
    return message;
}

struct Mailbox {
    explicit Mailbox(uint32_t count) : page(RuntimeMapping::create().value()) {
        auto segment = Segment::create("mailbox-bench", size_t{256} << 20, PageKind::plain);
        GATEPOST_CHECK(segment.has_value());
        writer = std::move(MailboxIndexWriter::create(std::move(*segment), page->qsbr, 1).value());
        MailboxUpdate whole;
        whole.status.mailbox_id = kBox;
        whole.messages.reserve(count);
        for (uint32_t uid = 1; uid <= count; ++uid) whole.messages.push_back(message_of(uid, 1));
        GATEPOST_CHECK(writer->load(whole).has_value());
    }
    void apply(uint32_t uid) {
        MailboxUpdate update;
        update.status.mailbox_id = kBox;
        update.status.highest_modseq = ++modseq;
        update.messages.push_back(message_of(uid, modseq));
        GATEPOST_CHECK(writer->apply(update).has_value());
        writer->reclaim();
    }
    RuntimeMapping page;
    std::unique_ptr<MailboxIndexWriter> writer;
    uint64_t modseq = 1;
};

void apply_flag(benchmark::State& state) {
    const auto count = static_cast<uint32_t>(state.range(0));
    Mailbox mailbox(count);
    uint32_t uid = 0;
    for (auto _ : state) mailbox.apply((uid += 7919) % count + 1);
}

void append(benchmark::State& state) {
    auto uid = static_cast<uint32_t>(state.range(0));
    Mailbox mailbox(uid);
    for (auto _ : state) mailbox.apply(++uid);
}

void iterate(benchmark::State& state) {
    const auto count = static_cast<uint32_t>(state.range(0));
    const Mailbox mailbox(count);
    for (auto _ : state) {
        const MailboxView view = *mailbox.writer->view().mailbox(kBox);
        uint64_t seen = 0;
        for (size_t i = 0; i < view.chunk_count(); ++i)
            for (const MailboxEntry& entry : view.chunk(i).entries) seen += entry.flags & kFlagSeen;
        benchmark::DoNotOptimize(seen);
    }
    state.SetItemsProcessed(state.iterations() * count);
}

void find(benchmark::State& state) {
    const auto count = static_cast<uint32_t>(state.range(0));
    const Mailbox mailbox(count);
    uint32_t uid = 0;
    for (auto _ : state) {
        const MailboxView view = *mailbox.writer->view().mailbox(kBox);
        benchmark::DoNotOptimize(view.find((uid += 7919) % count + 1));
    }
}

BENCHMARK(apply_flag)->ArgName("messages")->Arg(1'000)->Arg(100'000);
BENCHMARK(append)->ArgName("messages")->Arg(1'000)->Arg(100'000)->Iterations(50'000);
BENCHMARK(iterate)->ArgName("messages")->Arg(1'000);
BENCHMARK(find)->ArgName("messages")->Arg(1'000)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
