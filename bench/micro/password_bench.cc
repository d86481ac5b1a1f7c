// What a login costs: found in the cache, and by each scheme that new passwords are stored in.
//
// Budget: 200 µs for a cached login (5,000 a second on one core; it takes less than 1 µs); 5 to
// 100 ms for the strong schemes.
#include <benchmark/benchmark.h>

#include <string>

#include "dataplane/auth/login_cache.h"
#include "storage/base/check.h"
#include "storage/password/create.h"
#include "storage/password/verify.h"

namespace {

using namespace gatepost;
using dataplane::LoginCache;
using storage::PasswordScheme;

constexpr std::string_view kPassword = "q7Hn2mWcVtY8kRzP4sdA";

void cached_login(benchmark::State& state) {
    auto cache = LoginCache::create({});
    GATEPOST_CHECK(cache.has_value());
    const auto accounts = static_cast<uint64_t>(state.range(0));
    for (uint64_t i = 0; i < accounts; ++i) cache->remember({i, i, 1}, kPassword, 0, 1);
    uint64_t account = 0;
    size_t found = 0;
    for (auto _ : state) {
        found += cache->find({account, account, 1}, kPassword, 2).has_value() ? 1 : 0;
        account = (account + 7919) % accounts;
    }
    state.counters["found"] =
        benchmark::Counter(static_cast<double>(found), benchmark::Counter::kAvgIterations);
}

void verify(benchmark::State& state, PasswordScheme scheme) {
    const auto stored = storage::hash_password(scheme, kPassword, {.allow_weak = true});
    GATEPOST_CHECK(stored.has_value());
    for (auto _ : state) {
        const auto outcome = storage::verify_password(kPassword, *stored, {});
        GATEPOST_CHECK(outcome == storage::VerifyOutcome::match);
    }
}

BENCHMARK(cached_login)->ArgName("accounts")->Arg(1000)->Arg(8000);
BENCHMARK_CAPTURE(verify, ARGON2ID, PasswordScheme::argon2id)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(verify, BLF - CRYPT, PasswordScheme::blf_crypt)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(verify, SHA512 - CRYPT, PasswordScheme::sha512_crypt)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(verify, PBKDF2, PasswordScheme::pbkdf2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(verify, SCRAM - SHA - 256, PasswordScheme::scram_sha_256)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(verify, SSHA512, PasswordScheme::ssha512)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
