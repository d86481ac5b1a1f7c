#include "tools/gatepost/dns/print.h"

#include <ctime>

#include "storage/zone/rdata.h"

namespace gatepost::tools {

namespace {

// Tabs from the width of `text` up to `column`, at least one.
std::string tabs_to(const std::string& text, size_t column) {
    const size_t width = text.size();
    if (width >= column) return "\t";
    return std::string((column - width + 7) / 8, '\t');
}

std::string option_text(const EdnsOption& option) {
    if (option.code == kEdnsOptionEde && option.data.size() >= 2) {
        const uint16_t code = load_be16(option.data.data());
        std::string text = fmt::format("; EDE: {}", code);
        if (const std::string name = ede_to_text(code); !name.empty())
            text += fmt::format(" ({})", name);
        if (option.data.size() > 2)
            text += fmt::format(": ({})", std::string(option.data.begin() + 2, option.data.end()));
        return text + "\n";
    }
    std::string hex;
    for (uint8_t octet : option.data) hex += fmt::format("{:02x}", octet);
    return fmt::format("; OPT={}: {}\n", option.code, hex);
}

std::string edns_text(const Edns& edns) {
    std::string out = fmt::format(";; OPT PSEUDOSECTION:\n; EDNS: version: {}, flags:{}; udp: {}\n",
                                  edns.version, edns.dnssec_ok ? " do" : "", edns.udp_payload);
    for (const EdnsOption& option : edns.options) out += option_text(option);
    return out;
}

std::string section_text(const char* name, const std::vector<MessageRecord>& records) {
    if (records.empty()) return "";
    std::string out = fmt::format(";; {} SECTION:\n", name);
    for (const MessageRecord& record : records) out += record_to_text(record) + "\n";
    return out + "\n";
}

std::string time_text() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Z %Y", &local)};
}

}  // namespace

std::string record_to_text(const MessageRecord& record) {
    std::string out = storage::dname_to_text(record.owner);
    out += tabs_to(out, 24);
    return out + fmt::format("{}\t{}\t{}\t{}", record.ttl, class_to_text(record.class_number),
                             storage::rrtype_to_text(record.type),
                             storage::rdata_to_text(record.type, record.rdata));
}

std::string short_text(const Response& response) {
    std::string out;
    for (const MessageRecord& record : response.answer)
        out += storage::rdata_to_text(record.type, record.rdata) + "\n";
    return out;
}

std::string full_text(const Answered& answered, const Endpoint& server) {
    const Response& response = answered.response;
    std::string out =
        fmt::format(";; ->>HEADER<<- opcode: {}, status: {}, id: {}\n",
                    opcode_to_text(response.opcode()), rcode_to_text(response.rcode), response.id);
    out += fmt::format(";; flags: {}; QUERY: {}, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
                       flags_to_text(response.flags), response.has_question ? 1 : 0,
                       response.answer.size(), response.authority.size(),
                       response.additional.size() + (response.has_edns ? 1 : 0));
    // What a server that does not recurse leaves unset although it was asked for.
    if ((response.flags & 0x0180) == 0x0100)
        out += ";; WARNING: recursion requested but not available\n";
    out += "\n";
    if (response.has_edns) out += edns_text(response.edns);
    if (response.has_question) {
        std::string name = ";" + storage::dname_to_text(response.question);
        name += tabs_to(name, 32);
        out += fmt::format(";; QUESTION SECTION:\n{}{}\t{}\n\n", name,
                           class_to_text(response.question_class),
                           storage::rrtype_to_text(response.question_type));
    }
    out += section_text("ANSWER", response.answer);
    out += section_text("AUTHORITY", response.authority);
    out += section_text("ADDITIONAL", response.additional);
    out += fmt::format(";; Query time: {} usec\n", answered.time.count());
    out += fmt::format(";; SERVER: {}#{}({}) ({})\n", endpoint_host(server), server.port(),
                       endpoint_host(server), answered.tcp ? "TCP" : "UDP");
    out += fmt::format(";; WHEN: {}\n;; MSG SIZE  rcvd: {}\n", time_text(), answered.size);
    return out;
}

}  // namespace gatepost::tools
