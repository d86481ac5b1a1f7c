// What 1,000 rules about what is in a message cost. Budget: a fifth of what a message costs at all;
// its parsing alone is measured beside it (Parse). The counter time/KiB is the filter's own work
// and the parsing together.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "controlplane/filter/filter_compiler.h"
#include "dataplane/filter/filter_scan.h"
#include "dataplane/mail/mime_parser.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr size_t kPiece = 16384;  // octets: what one read of a TLS connection gives at most

std::string word(std::minstd_rand& random) {
    std::string out;
    for (size_t i = 4 + random() % 6; i > 0; --i) out += static_cast<char>('a' + random() % 26);
    return out;
}

// Literals and regular expressions, three to one, in all places.
std::shared_ptr<const FilterDatabase> rules(int count, bool with_raw) {
    constexpr std::string_view kFields[] = {
        "subject", "from", "body", "body", "body", "any_header", "attachment_name", "body"};
    std::minstd_rand random(4711);
    controlplane::FilterSource source;
    for (int i = 0; i < count; ++i) {
        controlplane::FilterRuleRow rule;
        rule.id = i;
        rule.name = "r" + std::to_string(i);
        rule.field = with_raw && i % 8 == 7 ? "raw" : kFields[i % std::size(kFields)];
        rule.kind = i % 4 == 3 ? "regex" : "contains";
        rule.pattern = rule.kind == "regex"
                           ? word(random) + "\\s+(" + word(random) + "|" + word(random) + ")[0-9]+"
                           : word(random) + " " + word(random);
        rule.action = "score";
        rule.score = 1;
        rule.mode = "enforce";
        source.rules.push_back(std::move(rule));
    }
    auto compiled = controlplane::compile_filter(source);
    return FilterDatabase::create(std::move(compiled->image)).value();
}

// Words of a small vocabulary in lines, as text is.
std::string message(size_t octets) {
    std::minstd_rand random(7);
    std::vector<std::string> vocabulary;
    for (int i = 0; i < 2000; ++i) vocabulary.push_back(word(random));
    std::string out =
        "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
        "\tby mx.example.org with ESMTPS id 4d1f3c2b; Fri, 21 Nov 2025 09:55:06 +0100\r\n"
        "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.net>\r\n"
        "To: Alice <alice@example.org>, \"Smith, Bob\" <bob@example.org>\r\n"
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the coast\r\n"
        "Date: Fri, 21 Nov 2025 09:55:01 +0100\r\n"
        "Message-ID: <20251121095501.4711@example.net>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    while (out.size() < octets) {
        std::string line;
        while (line.size() < 70) line += vocabulary[random() % vocabulary.size()] + " ";
        out += line + "\r\n";
    }
    return out;
}

void report(benchmark::State& state, size_t octets) {
    const double octets_in_all =
        static_cast<double>(octets) * static_cast<double>(state.iterations());
    state.SetBytesProcessed(static_cast<int64_t>(octets_in_all));
    state.counters["time/KiB"] = benchmark::Counter(
        octets_in_all / 1024, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <typename Feed>
void in_pieces(const std::string& text, Feed feed) {
    for (size_t at = 0; at < text.size(); at += kPiece)
        feed(Bytes(reinterpret_cast<const uint8_t*>(text.data()) + at,
                   std::min(kPiece, text.size() - at)));
}

void Parse(benchmark::State& state) {
    const std::string text = message(static_cast<size_t>(state.range(0)));
    const Charsets charsets;
    for (auto _ : state) {
        MimeParser parser(charsets);
        in_pieces(text, [&](Bytes piece) { parser.feed(piece); });
        benchmark::DoNotOptimize(parser.finish());
    }
    report(state, text.size());
}

void scan(benchmark::State& state, const std::shared_ptr<const FilterDatabase>& database) {
    const std::string text = message(static_cast<size_t>(state.range(0)));
    const Charsets charsets;
    FilterScratch scratch;
    if (!scratch.fit(*database)) return state.SkipWithError("no memory");
    FilterCounters counters{};
    for (auto _ : state) {
        FilterScan filter(database, scratch, charsets, counters);
        MimeParser parser(charsets, &filter);
        in_pieces(text, [&](Bytes piece) {
            filter.take(piece);
            parser.feed(piece);
        });
        const MessageSummary summary = parser.finish();
        benchmark::DoNotOptimize(filter.judge({}, summary.attachment_names));
    }
    report(state, text.size());
}

void ParseAndFilter(benchmark::State& state) {
    scan(state, rules(static_cast<int>(state.range(1)), false));
}
void ParseAndFilterWithRaw(benchmark::State& state) {
    scan(state, rules(static_cast<int>(state.range(1)), true));
}

// In the control plane, for each change of the rules.
void Compile(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(rules(static_cast<int>(state.range(0)), false));
}

}  // namespace

BENCHMARK(Parse)->Arg(4 << 10)->Arg(32 << 10)->Arg(1 << 20);
BENCHMARK(ParseAndFilter)->Args({4 << 10, 1000})->Args({32 << 10, 1000})->Args({1 << 20, 1000});
BENCHMARK(ParseAndFilter)->Args({4 << 10, 10})->Args({32 << 10, 10});
BENCHMARK(ParseAndFilterWithRaw)->Args({4 << 10, 1000})->Args({32 << 10, 1000});
BENCHMARK(Compile)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
