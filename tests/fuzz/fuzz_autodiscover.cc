// The body of Outlook's question for its settings: the answer is XML, whatever is asked.
#include <algorithm>

#include "dataplane/http/mail_autoconfig.h"
#include "storage/base/check.h"
#include "tests/unit/http/http_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

TestEnvironment& environment() {
    static TestEnvironment* const kMade = [] {
        auto* made = new TestEnvironment();
        made->add_mail_domain("example.org", {.id = 1});
        return made;
    }();
    return *kMade;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const dataplane::MailClientSettings settings = {
        .hostname = "mail.example.org", .imap = {.tls = 993}, .submission = {.tls = 465}};
    std::string xml;
    {
        dataplane::HttpResponse response(environment().pool);
        dataplane::take_autodiscover_body(Bytes(data, size), settings, environment(), response);
        GATEPOST_CHECK(response.status == 200 && response.content_type.find("xml") != 0);
        for (auto& text = response.text; !text.empty(); text.consume(text.front().size()))
            xml.append(reinterpret_cast<const char*>(text.front().data()), text.front().size());
    }
    GATEPOST_CHECK(environment().pool.used_octets() == 0);
    GATEPOST_CHECK(xml.starts_with("<?xml ") && xml.ends_with("</Autodiscover>\n"));
    // Nothing of the question comes out as markup, nor what cannot stand in XML 1.0 at all (§2.2).
    GATEPOST_CHECK(std::ranges::count(xml, '<') == std::ranges::count(xml, '>'));
    GATEPOST_CHECK(std::ranges::none_of(
        xml, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; }));
    return 0;
}
