#include "tests/unit/http/http_rig.h"

#include <algorithm>
#include <charconv>

#include "storage/base/check.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

constexpr size_t kBuffers = size_t{64} << 20;
// Fixed, so that the same query has the same reply.
constexpr BurstTime kTime = {.monotonic_ms = 1, .unix_s = 1'700'000'000};

BufferPool make_pool(storage::StreamCounters& counters) {
    auto pool = BufferPool::create(kBuffers, counters);
    GATEPOST_CHECK(pool.has_value());
    return std::move(*pool);
}

}  // namespace

const TestArena& sample_zones() {
    static TestArena* const kArena = [] {
        auto* arena = new TestArena();
        arena->add_zone("example.");
        std::string big = "big 60 TXT ";
        for (int i = 0; i < 200; ++i)
            big += (i == 0 ? "\"" : "|\"") + std::to_string(i) + std::string(240, 'x') + "\"";
        arena->put("example.",
                   {"@ 3600 NS ns", "ns 3600 A 192.0.2.53", "www 300 A 192.0.2.1",
                    "alias 60 CNAME www", "dangling 7200 CNAME nowhere",
                    "text 120 TXT \"a \\\"quoted\\\" \\200 text\"", "mail 30 MX 10 www",
                    "srv 30 SRV 1 2 443 www", "sub 900 NS ns.sub", "ns.sub 900 A 192.0.2.54", big});
        arena->publish();
        return arena;
    }();
    return *kArena;
}

TestEnvironment::TestEnvironment()
    : image(&sample_zones().image()),
      page_(std::make_unique<storage::RuntimePage>()),
      responder_({.cookie_secret = storage::CookieSecret{1, 2, 3}}),
      pool(make_pool(page_->streams[0])) {
    page_->worker_count.store(1);
    page_->workers[0].heartbeat_ns.store(now_ns);
    zone_facts.published_time_us = static_cast<int64_t>(now_s - 10) * 1'000'000;
    directory_facts.published_time_us = static_cast<int64_t>(now_s - 20) * 1'000'000;
}

std::optional<storage::DirectoryEntry> TestEnvironment::find(storage::EntryKind kind,
                                                             std::string_view key) const {
    auto found = entries_.find({static_cast<int>(kind), std::string(key)});
    if (found == entries_.end()) return std::nullopt;
    return storage::DirectoryEntry{.serial = 1, .value = found->second};
}

size_t TestEnvironment::certificates(std::span<CertificateFacts> out) const {
    size_t count = std::min(out.size(), certificate_facts.size());
    std::copy_n(certificate_facts.begin(), count, out.begin());
    return count;
}

void TestEnvironment::answer(std::span<Exchange> burst) {
    bursts.push_back(burst.size());
    responder_.answer_burst(image, burst, kTime, page_->workers[0]);
}

void TestEnvironment::add_redirect(const std::string& host, const storage::Redirect& redirect) {
    entries_[{static_cast<int>(storage::EntryKind::redirect), host}] =
        storage::encode_redirect(redirect);
}

void TestEnvironment::add_mail_domain(const std::string& name, const storage::MailDomain& domain) {
    entries_[{static_cast<int>(storage::EntryKind::mail_domain), name}] = storage::encode(domain);
}

void TestEnvironment::add_challenge(const std::string& key, const std::string& value) {
    entries_[{static_cast<int>(storage::EntryKind::acme_challenge), key}] = {value.begin(),
                                                                             value.end()};
}

uint64_t TestEnvironment::requests(HttpVersion version, int status_class) const {
    const auto& counters = page_->streams[0].http_requests[static_cast<size_t>(version)];
    return counters[status_class - 1].load();
}

HttpConnection::HttpConnection(TestEnvironment& environment, HttpService& service)
    : host_{environment.pool, timers_, environment.counters()} {
    timers_.advance(1);
    client.octets[0] = 192;
    client.octets[2] = 2;
    client.octets[3] = 7;
    stream_.emplace(host_, transport);
    stream_->closed = [](Stream&, void*) {};
    transport.attach(*stream_);
    session.emplace(Session{.stream = *stream_, .client = client, .crowded = crowded});
    task_ = service.serve(*session);
    task_.start();
    transport.run();
}

HttpConnection::~HttpConnection() {
    task_.reset();
}

std::string HttpConnection::play(std::string_view octets) {
    transport.arrive(octets);
    transport.run();
    if (has_ended()) {
        // As the server of streams does at the end: what was written is sent.
        static_cast<void>(stream_->push().await_ready());
        transport.run();
    }
    return transport.take_sent();
}

void HttpConnection::pass(uint64_t ms) {
    for (uint64_t i = 0; i < ms; i += TimerWheel::kTickMs)
        timers_.advance(timers_.now_ms() + TimerWheel::kTickMs);
    transport.run();
}

void HttpConnection::drain() {
    session->draining = true;
    stream_->interrupt();
    transport.run();
}

HttpRig::HttpRig(const HttpOptions& options) {
    auto made = HttpService::create(options, environment);
    GATEPOST_CHECK(made.has_value());
    service = std::move(*made);
}

HttpConnection& HttpRig::connect() {
    return connections.emplace_back(environment, *service);
}

std::string HttpRig::play(std::string_view octets) {
    return connect().play(octets);
}

HttpText read_response(std::string_view text, bool head_only) {
    HttpText response;
    size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos || !text.starts_with("HTTP/1.1 ")) return {};
    std::from_chars(text.data() + 9, text.data() + 12, response.status);
    size_t at = text.find("\r\n") + 2;
    while (at < end + 2) {
        size_t line_end = text.find("\r\n", at);
        std::string_view line = text.substr(at, line_end - at);
        size_t colon = line.find(": ");
        if (colon == std::string_view::npos) return {};
        std::string name(line.substr(0, colon));
        if (!response.fields.emplace(name, line.substr(colon + 2)).second) return {};
        at = line_end + 2;
    }
    size_t length = 0;
    if (auto field = response.fields.find("content-length"); field != response.fields.end())
        length = std::stoul(field->second);
    if (head_only || response.status < 200) length = 0;
    if (text.size() - end - 4 < length) return {};
    response.body = text.substr(end + 4, length);
    response.length = end + 4 + length;
    return response;
}

std::vector<HttpText> read_responses(std::string_view text) {
    std::vector<HttpText> all;
    while (!text.empty()) {
        all.push_back(read_response(text));
        if (all.back().status == 0) break;
        text.remove_prefix(all.back().length);
    }
    return all;
}

std::string base64url(Bytes octets) {
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    for (size_t i = 0; i < octets.size(); i += 3) {
        size_t count = std::min<size_t>(3, octets.size() - i);
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < count ? octets[i + j] : 0);
        for (size_t j = 0; j <= count; ++j) text.push_back(kAlphabet[bits >> (18 - 6 * j) & 63]);
    }
    return text;
}

std::string to_string(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

Bytes to_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace gatepost::tests
