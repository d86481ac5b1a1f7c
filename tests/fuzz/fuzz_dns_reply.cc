// Replies of DNS to what the policy asks, each as one to every kind of question.
#include <algorithm>

#include "dataplane/resolver/dns_answer.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    for (const auto type : {DnsType::a, DnsType::ptr, DnsType::mx, DnsType::txt, DnsType::aaaa}) {
        const DnsAnswer answer = parse_dns_reply({data, size}, type);
        GATEPOST_CHECK(answer.addresses.size() + answer.texts.size() <= kDnsRecordsMax);
        const bool has_any = !answer.addresses.empty() || !answer.texts.empty();
        GATEPOST_CHECK(has_any == (answer.status == DnsAnswer::Status::found));
        if (type == DnsType::txt) continue;
        for (const std::string& name : answer.texts)
            GATEPOST_CHECK(name.empty() || is_dns_name(name));
    }
    return 0;
}
