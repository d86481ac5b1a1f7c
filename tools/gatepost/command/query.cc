// gatepost query: a DNS client with dig's arguments.
#include <arpa/inet.h>
#include <netdb.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "storage/zone/rdata.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/config/suggest.h"
#include "tools/gatepost/dns/ask.h"
#include "tools/gatepost/dns/print.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;
using storage::Dname;
using storage::RRType;

struct Request {
    std::string server;  // empty: the instance's own first address
    std::optional<uint16_t> port;
    QuestionOptions question;
    bool has_name = false;
    bool has_type = false;
    bool short_form = false;
    bool json = false;
    AskOptions ask;
};

constexpr std::string_view kToggles[] = {
    "+tcp",       "+notcp",    "+short",    "+dnssec", "+nodnssec", "+json",
    "+rec",       "+norec",    "+edns",     "+noedns", "+ignore",   "+recurse",
    "+norecurse", "+bufsize=", "+timeout=", "+time=",  "+tries="};

// "+bufsize=4096" → 4096; nullopt where `word` is something else.
Result<std::optional<uint64_t>> toggle_number(std::string_view word, std::string_view name) {
    if (!word.starts_with(name)) return std::nullopt;
    uint64_t number = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + name.size(), end, number);
    if (error != std::errc() || stop != end || number == 0 || number > 65535)
        return fail(ErrorCode::usage, "\"{}\" needs a number from 1 to 65535", word);
    return number;
}

Status apply_toggle(const std::string& word, Request& out) {
    QuestionOptions& question = out.question;
    if (word == "+tcp" || word == "+vc")
        out.ask.tcp = true;
    else if (word == "+notcp")
        out.ask.tcp = false;
    else if (word == "+short")
        out.short_form = true;
    else if (word == "+json")
        out.json = true;
    else if (word == "+dnssec")
        question.dnssec_ok = question.edns = true;
    else if (word == "+nodnssec")
        question.dnssec_ok = false;
    else if (word == "+rec" || word == "+recurse")
        question.recursion_desired = true;
    else if (word == "+norec" || word == "+norecurse")
        question.recursion_desired = false;
    else if (word == "+edns")
        question.edns = true;
    else if (word == "+noedns")
        question.edns = question.dnssec_ok = false;
    else if (word == "+ignore")
        out.ask.keep_truncated = true;
    else {
        for (std::string_view name : {"+bufsize=", "+timeout=", "+time=", "+tries="}) {
            auto number = toggle_number(word, name);
            if (!number) return tl::unexpected(std::move(number).error());
            if (!*number) continue;
            if (name == "+bufsize=")
                question.udp_payload = static_cast<uint16_t>(**number);
            else if (name == "+tries=")
                out.ask.tries = static_cast<unsigned>(**number);
            else
                out.ask.timeout = std::chrono::seconds(**number);
            return {};
        }
        return fail(ErrorCode::usage, "\"{}\" is not an option of query{}", word,
                    did_you_mean(word, kToggles, 3));
    }
    return {};
}

// 192.0.2.1 → 1.2.0.192.in-addr.arpa. (RFC 1035 §3.5), IPv6 by nibbles (RFC 3596 §2.5).
Result<Dname> reverse_name(const std::string& address) {
    uint8_t octets[16];
    std::string text;
    if (::inet_pton(AF_INET, address.c_str(), octets) == 1) {
        for (int i = 3; i >= 0; --i) text += fmt::format("{}.", octets[i]);
        return storage::dname_from_text(text + "in-addr.arpa.");
    }
    if (::inet_pton(AF_INET6, address.c_str(), octets) != 1)
        return fail(ErrorCode::usage, "-x: \"{}\" is not an address", address);
    for (int i = 15; i >= 0; --i) text += fmt::format("{:x}.{:x}.", octets[i] & 15, octets[i] >> 4);
    return storage::dname_from_text(text + "ip6.arpa.");
}

// As dig does: a word that names a type is the type, where none was given yet; the other one is the
// name.
Status apply_word(const std::string& word, Request& out) {
    if (word.starts_with('@')) {
        out.server = word.substr(1);
        return {};
    }
    if (word.starts_with('+')) return apply_toggle(word, out);
    if (word == "IN" || word == "in" || word == "CH" || word == "ch") {
        out.question.class_number =
            word == "CH" || word == "ch" ? storage::kClassCh : storage::kClassIn;
        return {};
    }
    if (auto type = storage::rrtype_from_text(word); type && !out.has_type && out.has_name) {
        out.question.type = *type;
        out.has_type = true;
        return {};
    }
    if (out.has_name) return fail(ErrorCode::usage, "\"{}\" is neither a type nor an option", word);
    auto name = storage::dname_from_text(word);
    if (!name)
        return fail(ErrorCode::usage, "\"{}\" is not a domain name: {}", word,
                    name.error().message);
    out.question.name = *name;
    out.has_name = true;
    return {};
}

Result<Request> read_request(const Arguments& arguments) {
    Request out;
    for (const std::string& word : arguments.list("WORD"))
        if (Status ok = apply_word(word, out); !ok) return tl::unexpected(std::move(ok).error());
    if (arguments.has("-x")) {
        auto name = reverse_name(arguments.text("-x"));
        if (!name) return tl::unexpected(std::move(name).error());
        out.question.name = *name;
        if (!out.has_type) out.question.type = RRType::PTR;
        out.has_name = true;
    }
    if (arguments.has("-t")) {
        auto type = storage::rrtype_from_text(arguments.text("-t"));
        if (!type) return fail(ErrorCode::usage, "-t: {}", type.error().message);
        out.question.type = *type;
    }
    auto port = arguments.number("--port");
    if (!port) return tl::unexpected(std::move(port).error());
    if (*port && (**port == 0 || **port > 65535))
        return fail(ErrorCode::usage, "--port: {} is not a port from 1 to 65535", **port);
    if (*port) out.port = static_cast<uint16_t>(**port);
    if (!out.has_name) {
        // As dig without a name: the root's servers.
        out.question.type = out.has_type ? out.question.type : RRType::NS;
    }
    std::random_device random;
    out.question.id = static_cast<uint16_t>(random());
    return out;
}

// A server given by name is looked up as any other program would.
Result<Endpoint> resolve(const std::string& name, uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
        return fail(ErrorCode::unreachable, "cannot find the server \"{}\": {}", name,
                    ::gai_strerror(error));
    Endpoint out;
    std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
    out.length = found->ai_addrlen;
    out.set_port(port);
    ::freeaddrinfo(found);
    return out;
}

Result<Endpoint> find_server(Context& context, const Request& request) {
    if (!request.server.empty()) {
        auto address = endpoint_from_text(request.server, request.port.value_or(kDnsPort));
        return address ? address : resolve(request.server, request.port.value_or(kDnsPort));
    }
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    Endpoint server = config->listen.front();
    if (server.is_wildcard()) {
        auto loopback =
            endpoint_from_text(server.family() == AF_INET ? "127.0.0.1" : "::1", server.port());
        if (loopback) server = *loopback;
    }
    if (request.port) server.set_port(*request.port);
    return server;
}

ordered_json records_json(const std::vector<MessageRecord>& records) {
    ordered_json out = ordered_json::array();
    for (const MessageRecord& record : records)
        out.push_back({{"name", storage::dname_to_text(record.owner)},
                       {"type", storage::rrtype_to_text(record.type)},
                       {"class", class_to_text(record.class_number)},
                       {"ttl_seconds", record.ttl},
                       {"data", storage::rdata_to_text(record.type, record.rdata)}});
    return out;
}

std::string json_text(const Answered& answered, const Endpoint& server) {
    const Response& response = answered.response;
    ordered_json out = {{"server", server.text()},
                        {"transport", answered.tcp ? "tcp" : "udp"},
                        {"time_us", answered.time.count()},
                        {"size_bytes", answered.size},
                        {"id", response.id},
                        {"opcode", opcode_to_text(response.opcode())},
                        {"rcode", rcode_to_text(response.rcode)},
                        {"flags", flags_to_text(response.flags)}};
    if (response.has_question)
        out["question"] = {{"name", storage::dname_to_text(response.question)},
                           {"type", storage::rrtype_to_text(response.question_type)},
                           {"class", class_to_text(response.question_class)}};
    out["answer"] = records_json(response.answer);
    out["authority"] = records_json(response.authority);
    out["additional"] = records_json(response.additional);
    if (response.has_edns) {
        ordered_json errors = ordered_json::array();
        for (const EdnsOption& option : response.edns.options)
            if (option.code == kEdnsOptionEde && option.data.size() >= 2)
                errors.push_back(
                    {{"code", load_be16(option.data.data())},
                     {"text", std::string(option.data.begin() + 2, option.data.end())}});
        out["edns"] = {{"version", response.edns.version},
                       {"dnssec_ok", response.edns.dnssec_ok},
                       {"udp_payload_bytes", response.edns.udp_payload},
                       {"extended_errors", errors}};
    }
    return out.dump(2) + "\n";
}

Result<int> query(Context& context, const Arguments& arguments) {
    auto request = read_request(arguments);
    if (!request) return tl::unexpected(std::move(request).error());
    auto server = find_server(context, *request);
    if (!server) return tl::unexpected(std::move(server).error());
    request->ask.server = *server;
    request->ask.timeout = context.timeout(request->ask.timeout);
    auto answered = ask(make_query(request->question), request->ask);
    if (!answered) return tl::unexpected(std::move(answered).error());
    if (context.json() || request->json)
        context.print(json_text(*answered, *server));
    else if (request->short_form)
        context.print(short_text(answered->response));
    else
        context.print(full_text(*answered, *server));
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> query_commands() {
    return {{.noun = "query",
             .summary = "Asks a DNS server, with dig's arguments and dig's output. Without "
                        "@SERVER, the instance "
                        "on this host. Exit code 3 where no response comes.",
             .arguments = {{"WORD", Arity::any,
                            "@SERVER, a name, a type, and +tcp +short +dnssec +json +norec"}},
             .options = {{"-p,--port", "PORT", "the server's port (default 53)"},
                         {"-t", "TYPE", "the type, for names that look like one"},
                         {"-x", "ADDRESS", "the name of an address"}},
             .examples = {"gatepost query @127.0.0.1 -p 5300 www.demo.gatepost.example A",
                          "gatepost query example.org MX +tcp +short"},
             .run = query}};
}

}  // namespace gatepost::tools
