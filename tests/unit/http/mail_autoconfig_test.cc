// What mail programs are told about how to reach their mail.
#include <gtest/gtest.h>

#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::HttpOptions;
using dataplane::MailClientSettings;

const MailClientSettings kAll = {.hostname = "mail.example.org",
                                 .imap = {.tls = 993, .starttls = 143},
                                 .pop3 = {.tls = 995, .starttls = 110},
                                 .submission = {.tls = 465, .starttls = 587}};

struct Rig : HttpRig {
    explicit Rig(const MailClientSettings& settings = kAll)
        : HttpRig(HttpOptions{.mail = settings}) {
        environment.add_mail_domain("example.org", {.id = 1});
        environment.add_mail_domain("closed.example", {.id = 2, .active = false});
    }

    HttpText get(const std::string& target, const std::string& host = "example.org") {
        return read_response(play("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
    }
    HttpText post(const std::string& body,
                  const std::string& target = "/autodiscover/autodiscover.xml") {
        return read_response(play("POST " + target +
                                  " HTTP/1.1\r\nHost: autodiscover.example.org\r\n"
                                  "Content-Type: text/xml\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body));
    }
};

std::string question(const std::string& address, const std::string& schema = "outlook") {
    return "<?xml version=\"1.0\"?><Autodiscover "
           "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/" +
           schema + "/requestschema/2006\"><Request><EMailAddress>" + address +
           "</EMailAddress></Request></Autodiscover>";
}

size_t count(const std::string& text, const std::string& what) {
    size_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

constexpr const char* kConfig = "/mail/config-v1.1.xml";
constexpr const char* kWellKnown = "/.well-known/autoconfig/mail/config-v1.1.xml";

TEST(MailAutoconfig, ServesMozillasForm) {
    Rig rig({.hostname = "mail.example.org",
             .imap = {.tls = 993, .starttls = 0},
             .submission = {.tls = 0, .starttls = 587}});
    const HttpText text = rig.get(kConfig, "autoconfig.example.org");
    EXPECT_EQ(text.status, 200);
    EXPECT_EQ(text.fields.at("content-type"), "application/xml; charset=utf-8");
    EXPECT_EQ(text.body, R"(<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.org">
    <domain>example.org</domain>
    <displayName>example.org</displayName>
    <displayShortName>example.org</displayShortName>
    <incomingServer type="imap">
      <hostname>mail.example.org</hostname>
      <port>993</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>mail.example.org</hostname>
      <port>587</port>
      <socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
  </emailProvider>
</clientConfig>
)");
}

TEST(MailAutoconfig, TlsComesFirst) {
    Rig rig;
    const std::string body = rig.get(kConfig).body;
    size_t last = 0;
    for (const char* port : {"993", "143", "995", "110", "465", "587"}) {
        const size_t at = body.find(std::string("<port>") + port + "</port>");
        ASSERT_NE(at, std::string::npos) << port;
        EXPECT_GT(at, last) << port;
        last = at;
    }
}

TEST(MailAutoconfig, TheDomainIsOfTheAddressOrElseOfTheHost) {
    Rig rig;
    for (const char* target : {kConfig, kWellKnown}) {
        EXPECT_EQ(rig.get(target).status, 200);
        EXPECT_EQ(rig.get(target, "autoconfig.example.org:8443").status, 200);
        EXPECT_EQ(rig.get(target, "EXAMPLE.org").status, 200);
        EXPECT_EQ(rig.get(target, "other.example").status, 404);
        EXPECT_EQ(rig.get(target, "closed.example").status, 404);
        const std::string query = std::string(target) + "?emailaddress=";
        EXPECT_EQ(rig.get(query + "ada@example.org", "other.example").status, 200);
        EXPECT_EQ(rig.get(query + "ada%40Example.ORG", "other.example").status, 200);
        EXPECT_EQ(rig.get(query + "ada@other.example").status, 404);
        EXPECT_EQ(rig.get(query + "no-address").status, 200) << "the host's";
    }
}

// The text of an element, of the first behind `after`.
std::string element(const std::string& xml, const std::string& name,
                    const std::string& after = "") {
    const std::string begin = "<" + name + ">";
    const size_t at = xml.find(begin, xml.find(after));
    if (at == std::string::npos) return "none";
    const size_t from = at + begin.size();
    return xml.substr(from, xml.find('<', from) - from);
}

struct NamedRig : Rig {
    NamedRig() {
        environment.add_mail_domain("named.example", {.id = 3,
                                                      .display_name = "Named & Sons",
                                                      .short_display_name = "Named",
                                                      .imap_host = "imap.named.example",
                                                      .pop_host = "pop.named.example",
                                                      .smtp_host = "smtp.named.example"});
        environment.add_mail_domain("half.example",
                                    {.id = 4, .display_name = "Half", .imap_host = "in.example"});
        environment.add_mail_domain(
            "alias.example",
            {.id = 5, .alias_of = "named.example", .imap_host = "imap.alias.example"});
        environment.add_mail_domain("lost.example", {.id = 6, .alias_of = "closed.example"});
    }
};

TEST(MailAutoconfig, ADomainHasNamesOfItsOwn) {
    NamedRig rig;
    const std::string config = rig.get(kConfig, "named.example").body;
    EXPECT_EQ(element(config, "displayName"), "Named &amp; Sons");
    EXPECT_EQ(element(config, "displayShortName"), "Named");
    EXPECT_EQ(element(config, "hostname", "type=\"imap\""), "imap.named.example");
    EXPECT_EQ(element(config, "hostname", "type=\"pop3\""), "pop.named.example");
    EXPECT_EQ(element(config, "hostname", "type=\"smtp\""), "smtp.named.example");
    EXPECT_EQ(config.find("mail.example.org"), std::string::npos);

    const std::string outlook = rig.post(question("ada@named.example")).body;
    EXPECT_EQ(element(outlook, "Server", "<Type>IMAP"), "imap.named.example");
    EXPECT_EQ(element(outlook, "Server", "<Type>POP3"), "pop.named.example");
    EXPECT_EQ(element(outlook, "Server", "<Type>SMTP"), "smtp.named.example");

    const std::string apple = rig.get("/email.mobileconfig?email=ada@named.example").body;
    EXPECT_EQ(element(apple, "string", "IncomingMailServerHostName"), "imap.named.example");
    EXPECT_EQ(element(apple, "string", "OutgoingMailServerHostName"), "smtp.named.example");
    EXPECT_EQ(element(apple, "string", "PayloadOrganization"), "Named &amp; Sons");
}

TEST(MailAutoconfig, WhatADomainDoesNotNameIsTheServers) {
    NamedRig rig;
    const std::string config = rig.get(kConfig, "half.example").body;
    EXPECT_EQ(element(config, "displayShortName"), "Half");
    EXPECT_EQ(element(config, "hostname", "type=\"imap\""), "in.example");
    EXPECT_EQ(element(config, "hostname", "type=\"pop3\""), "mail.example.org");
    EXPECT_EQ(element(config, "hostname", "type=\"smtp\""), "mail.example.org");
}

TEST(MailAutoconfig, AnAliasHasWhatItsDomainHas) {
    NamedRig rig;
    const std::string config = rig.get(kConfig, "alias.example").body;
    EXPECT_EQ(element(config, "domain"), "alias.example");
    EXPECT_EQ(element(config, "displayName"), "Named &amp; Sons");
    EXPECT_EQ(element(config, "hostname", "type=\"imap\""), "imap.alias.example");
    EXPECT_EQ(element(config, "hostname", "type=\"smtp\""), "smtp.named.example");
    EXPECT_EQ(rig.get(kConfig, "lost.example").status, 404) << "nobody logs in there";
}

TEST(MailAutoconfig, APop3ServersProfileNamesItsHost) {
    Rig rig({.hostname = "mail.example.org",
             .imap = {},
             .pop3 = {.tls = 995, .starttls = 0},
             .submission = {}});
    rig.environment.add_mail_domain(
        "named.example",
        {.id = 3, .imap_host = "imap.named.example", .pop_host = "pop.named.example"});
    const std::string apple = rig.get("/email.mobileconfig?email=ada@named.example").body;
    EXPECT_EQ(element(apple, "string", "IncomingMailServerHostName"), "pop.named.example");
}

TEST(MailAutoconfig, WithoutMailThereIsNothing) {
    Rig rig(MailClientSettings{});
    for (const char* target : {kConfig, kWellKnown, "/autodiscover/autodiscover.xml",
                               "/email.mobileconfig?email=ada@example.org"})
        EXPECT_EQ(rig.get(target).status, 404) << target;
    EXPECT_EQ(rig.post(question("ada@example.org")).status, 404);
}

TEST(MailAutoconfig, OutlookAsksInTheBody) {
    Rig rig;
    const HttpText text = rig.post(question("Ada@Example.ORG"));
    EXPECT_EQ(text.status, 200);
    EXPECT_EQ(text.fields.at("content-type"), "text/xml; charset=utf-8");
    EXPECT_EQ(count(text.body, "<LoginName>ada@example.org</LoginName>"), 3u);
    EXPECT_EQ(count(text.body, "<Server>mail.example.org</Server>"), 3u);
    EXPECT_NE(text.body.find("<Type>IMAP</Type>"), std::string::npos);
    EXPECT_NE(text.body.find("<Port>993</Port>"), std::string::npos);
    EXPECT_NE(text.body.find("<Port>465</Port>"), std::string::npos);
    EXPECT_EQ(rig.post(question("ada@example.org"), "/Autodiscover/Autodiscover.xml").status, 200);
    const HttpText by_query = rig.get("/autodiscover/autodiscover.xml?Email=ada@example.org");
    EXPECT_EQ(by_query.body, text.body);
}

TEST(MailAutoconfig, OutlookIsToldWhatIsWrong) {
    Rig rig;
    for (const std::string& body :
         {question("ada@other.example"), question("ada@closed.example"), question("nobody"),
          question(""), std::string("<Autodiscover/>"), std::string("\xff\xfe<"),
          std::string("<EMailAddress>ada@example.org&unknown;")}) {
        const HttpText text = rig.post(body);
        EXPECT_EQ(text.status, 200) << body;
        EXPECT_NE(text.body.find("<ErrorCode>500</ErrorCode>"), std::string::npos) << body;
        EXPECT_EQ(text.body.find("LoginName"), std::string::npos) << body;
    }
    const HttpText mobile = rig.post(question("ada@example.org", "mobilesync"));
    EXPECT_NE(mobile.body.find("<ErrorCode>601</ErrorCode>"), std::string::npos);
}

TEST(MailAutoconfig, WhatIsNotOursIsEscaped) {
    Rig rig;
    const HttpText text = rig.post(question("a&amp;b&apos;c@example.org"));
    EXPECT_EQ(count(text.body, "<LoginName>a&amp;b&apos;c@example.org</LoginName>"), 3u);
    const HttpText quoted = rig.get("/email.mobileconfig?email=%22a%3Cb%26%22@example.org");
    EXPECT_EQ(quoted.status, 200);
    EXPECT_NE(quoted.body.find("<string>&quot;a&lt;b&amp;&quot;@example.org</string>"),
              std::string::npos)
        << quoted.body;
    EXPECT_EQ(quoted.body.find("a<b"), std::string::npos);
}

TEST(MailAutoconfig, AppleGetsAProfile) {
    Rig rig;
    const HttpText text = rig.get("/email.mobileconfig?email=ada+box@example.org");
    EXPECT_EQ(text.status, 200);
    EXPECT_EQ(text.fields.at("content-type"), "application/x-apple-aspen-config");
    for (const char* line :
         {"<key>EmailAccountType</key>\n      <string>EmailTypeIMAP</string>",
          "<key>EmailAddress</key>\n      <string>ada+box@example.org</string>",
          "<key>IncomingMailServerPortNumber</key>\n      <integer>993</integer>",
          "<key>OutgoingMailServerPortNumber</key>\n      <integer>465</integer>",
          "<key>OutgoingPasswordSameAsIncomingPassword</key>\n      <true/>"})
        EXPECT_NE(text.body.find(line), std::string::npos) << line;
    EXPECT_EQ(rig.get("/email.mobileconfig?email=ada+box@example.org").body, text.body)
        << "the same profile takes the place of the one before";
    EXPECT_NE(rig.get("/email.mobileconfig?email=bob@example.org").body, text.body);
    EXPECT_EQ(rig.get("/email.mobileconfig").status, 400);
    EXPECT_EQ(rig.get("/email.mobileconfig?email=ada@other.example").status, 404);
}

TEST(MailAutoconfig, OtherMethodsAreRefused) {
    Rig rig;
    const HttpText text = rig.post("", kConfig);
    EXPECT_EQ(text.status, 405);
    EXPECT_EQ(text.fields.at("allow"), "GET, HEAD");
    const HttpText head = read_response(
        rig.play("HEAD " + std::string(kConfig) + " HTTP/1.1\r\nHost: example.org\r\n\r\n"), true);
    EXPECT_EQ(head.status, 200);
}

}  // namespace
}  // namespace gatepost::tests
