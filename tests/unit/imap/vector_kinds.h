/*
 * Kinds of the vectors of other projects ($MAILPROTO_DATA/corpus/vectors/imap: commands,
 * grammar, encoded_forms): those that become a command by the text around them, and those
 * that are left out, with the reason. A kind that is in neither is a fault of the test.
 */
#ifndef TEST_VECTOR_KINDS_H
#define TEST_VECTOR_KINDS_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Around which text a kind becomes a command. */
static const struct vector_kind {
    const char *kind, *before, *after;
} vector_kinds[] = {
    {"command", "A ", ""},
    {"taggedCommand", "", ""},
    {"command-parameters", "A ", ""},
    {"command-sender", "A ", ""},
    {"searchKey", "A SEARCH ", ""},
    {"searchCriteria", "A SEARCH ", ""},
    {"searchSuffix", "A SEARCH", ""},
    {"searchReturnOption", "A SEARCH RETURN (", ") ALL"},
    {"searchReturnOptions", "A SEARCH", " ALL"},
    {"searchModificationSequence", "A SEARCH ", ""},
    {"fetchAttribute", "A FETCH 1 ", ""},
    {"fetchAttributeList", "A FETCH 1 ", ""},
    {"fetchModifier", "A FETCH 1 FLAGS (", ")"},
    {"fetchModifiers", "A FETCH 1 FLAGS", ""},
    {"changedSinceModifier", "A FETCH 1 FLAGS (", ")"},
    {"fetchSuffix", "A FETCH", ""},
    {"storeSuffix", "A STORE", ""},
    {"storeData", "A STORE 1 ", ""},
    {"storeFlags", "A STORE 1 ", ""},
    {"storeModifier", "A STORE 1 (", ") FLAGS k"},
    {"unchangedSinceModifier", "A STORE 1 (", ") FLAGS k"},
    {"flag", "A STORE 1 FLAGS ", ""},
    {"flagList", "A STORE 1 FLAGS ", ""},
    {"flagKeyword", "A STORE 1 FLAGS ", ""},
    {"flagExtension", "A STORE 1 FLAGS ", ""},
    {"copySuffix", "A COPY", ""},
    {"moveSuffix", "A MOVE", ""},
    {"uidSuffix", "A UID", ""},
    {"lastCommandSet", "A COPY ", " a"},
    {"messageIdentifierSet", "A COPY ", " a"},
    {"messageIdentifierRange", "A COPY ", " a"},
    {"sequenceNumber", "A COPY ", " a"},
    {"sequenceRange", "A COPY ", " a"},
    {"uidSet", "A UID COPY ", " a"},
    {"uidRange", "A UID COPY ", " a"},
    {"nzNumber", "A COPY ", " a"},
    {"selectSuffix", "A SELECT", ""},
    {"examineSuffix", "A EXAMINE", ""},
    {"selectParameter", "A SELECT a (", ")"},
    {"conditionalStoreParameter", "A SELECT a (", ")"},
    {"sequenceMatchData", "A SELECT a (QRESYNC (1 1 ", "))"},
    {"uidValidity", "A SELECT a (QRESYNC (", " 1))"},
    {"createSuffix", "A CREATE", ""},
    {"createParameter", "A CREATE a (", ")"},
    {"createParameters", "A CREATE a", ""},
    {"useAttribute", "A CREATE a (USE (", "))"},
    {"deleteSuffix", "A DELETE", ""},
    {"renameSuffix", "A RENAME", ""},
    {"subscribeSuffix", "A SUBSCRIBE", ""},
    {"unsubscribeSuffix", "A UNSUBSCRIBE", ""},
    {"statusSuffix", "A STATUS", ""},
    {"statusOption", "A LIST \"\" * RETURN (", ")"},
    {"listSuffix", "A LIST", ""},
    {"LSUBSuffix", "A LSUB", ""},
    {"listSelectOptions", "A LIST ", " \"\" *"},
    {"listSelectOption", "A LIST (", ") \"\" *"},
    {"listSelectBaseOption", "A LIST (", ") \"\" *"},
    {"listSelectIndependentOption", "A LIST (", ") \"\" *"},
    {"listReturnOptions", "A LIST \"\" * ", ""},
    {"returnOption", "A LIST \"\" * RETURN (", ")"},
    {"patterns", "A LIST \"\" ", ""},
    {"mailboxPatterns", "A LIST \"\" ", ""},
    {"loginSuffix", "A LOGIN", ""},
    {"userId", "A LOGIN ", " b"},
    {"astring", "A LOGIN ", " b"},
    {"mailbox", "A SELECT ", ""},
    {"authenticateSuffix", "A AUTHENTICATE", ""},
    {"initialResponse", "A AUTHENTICATE x ", ""},
    {"base64", "A AUTHENTICATE x ", ""},
    {"atom", "A ENABLE ", ""},
    {"capability", "A ENABLE ", ""},
    {"enableSuffix", "A ENABLE", ""},
    {"idSuffix", "A ID", ""},
    {"idParamsList", "A ID ", ""},
    {"idParameters", "A ID ", ""},
    {"string", "A LOGIN ", " b"},
    {"charset", "A SEARCH CHARSET ", " ALL"},
    {"date", "A SEARCH BEFORE ", ""},
    {"dateText", "A SEARCH BEFORE ", ""},
    {"dateDay", "A SEARCH BEFORE ", "-Jan-2020"},
    {"dateMonth", "A SEARCH BEFORE 1-", "-2020"},
    {"internalDate", "A APPEND a ", " {0}\r\n"},
    {"appendOptions", "A APPEND a", " {0}\r\n"},
    {"section", "A FETCH 1 BODY", ""},
    {"sectionSpecifier", "A FETCH 1 BODY[", "]"},
    {"sectionSpecifierKind", "A FETCH 1 BODY[1.", "]"},
    {"sectionPart", "A FETCH 1 BODY[", "]"},
    {"sectionBinary", "A FETCH 1 BINARY", ""},
    {"headerList", "A FETCH 1 BODY[HEADER.FIELDS ", "]"},
    {"entryFlagName", "A SEARCH MODSEQ ", " all 1"},
    {"entryKindRequest", "A SEARCH MODSEQ \"/flags/a\" ", " 1"},
    {"modificationSequenceValue", "A STORE 1 (UNCHANGEDSINCE ", ") FLAGS k"},
    {"tag", "", " NOOP"},
    {"appendData", "A APPEND a ", ""},
    {"appendMessage", "A APPEND a", ""},
    {"partial", "A FETCH 1 BODY[]", ""},
    {"nstring", "A ID (\"a\" ", ")"},
    {"nil", "A ID ", ""},
    {"number", "A SEARCH LARGER ", ""},
    {"storeOperation", "A STORE 1 ", "FLAGS (a)"},
    {"stringAllowingNonASCII", "A LOGIN ", " b"},
    {"attributeFlag", "A STORE 1 FLAGS (", ")"},
};

static const struct vector_left_out {
    const char *why, *kinds;
} vector_left_out[] = {
    {"of URLs (RFC 5092, RFC 4467), which no command here holds",
     " absoluteMessagePath access achar authenticatedURL authenticatedURLRump "
     " authenticatedURLVerifier bchar byteRange byteRangeStruct "
     " encodedAuthenticationType encodedAuthenticationURL encodedMailbox "
     " encodedSearch encodedSearchQuery encodedSection encodedUser expire "
     " fullAuthenticatedURL fullDate fullDateTime fullTime genURLAuthSuffix "
     " imapServer imapURL imapURLAuthenticationMechanism iuid iuidOnly "
     " languageLocation locationAndExtensions mailboxUIDValidity "
     " mechanismBase64 messagePath messagePathByteRange networkPath "
     " parseWithSlash parseWithoutSlash relativeIMAPURL resetKeySuffix "
     " rumpAuthenticatedURL rumpURLAndMechanism uchar "
     " urlAuthenticationMechanism urlCommand urlFetchData urlFetchSuffix "
     " urlFetchType urlMessageSection urlMessageSectionWithSlash "
     " urlMessageSectionWithoutSlash userAuthenticationMechanism "},
    {"of an extension that is not built",
     " authenticationMechanism entries entry entryKindResponse entryList "
     " entryValue entryValues extendedSearchOptions "
     " extendedSearchScopeOptions extendedSearchSourceOptions filterMailboxes "
     " mailboxFilter getMetadataSuffix getQuota getQuotaRoot getQuotaSuffix "
     " gmailLabel mailboxes metadataOption metadataOptions metadataResponse "
     " metadataValue oneOrMoreMailbox partialRange quota quotaLimit "
     " quotaLimits quotaResource quotaResources quotaRoot quotaRootResponse "
     " scopeOption searchReturnDataPartial searchSortModificationSequence "
     " setMetadataSuffix setQuota setQuotaSuffix sortCriteria sortCriterion "
     " sortSuffix storeGmailLabels uidBatchesResponse "},
    {"of options that no extension here defines (RFC 5258 6): BAD",
     " optionExtension optionValue optionValueComp optionVendorTag "
     " searchReturnOptionExtension taggedExtensionComp taggedExtensionComplex "
     " vendorToken "},
    {"not a whole part of a command",
     " commandStream fourDigit lastCommandMessageID newline "
     " searchModificationSequenceExtension twoDigit uid "},
    {"read line by line: test_vectors_written.c", " authenticate_data done idle_done "},
    {"of responses, which a client reads",
     " body bodyDisposition bodyEncoding bodyExtension bodyExtensionMultipart "
     " bodyExtensions bodyFieldLanguage bodyFields bodyLanguages "
     " bodyMultipart bodyParameterPairs bodySinglepart "
     " bodySinglepartExtension bodyStructure capabilities capabilityData "
     " capabilitySuffix childinfoExtendedItem continuationRequest "
     " emailAddress emailAddressOrGroup emailID enableData envelope "
     " envelopeEmailAddresses esearchSuffix extendedSearchResponse "
     " fetchResponse fetchResponses fetchStreamingResponse idResponsePayload "
     " imapStringServer internetMessageDate invalidBodyStructure "
     " listSelectBaseOptionQuoted mailboxAttributes mailboxData mailboxID "
     " mailboxInfo mailboxListFlags mailboxStatus mediaMessage mediaText "
     " mediaType messageAttribute messageAttributes messageData "
     " messageDataEnd messageID namespace namespaceDescription "
     " namespaceResponse namespaceResponseExtensions "
     " optionalEnvelopeEmailAddresses parameter parameterValue permanentFlag "
     " response responseCodeAppend responseCodeCopy responseData "
     " responseFatal responsePayload responseText responseTextCode "
     " searchCorrelator searchReturnData subtype taggedResponse "
     " taggedResponseState topLevelType untaggedStatus "},
};

/* NULL: it is none of those that become a command. */
static inline const struct vector_kind *vector_kind_of(const char *kind)
{
    size_t i;
    for (i = 0; i < sizeof vector_kinds / sizeof vector_kinds[0]; i++) {
        if (strcmp(vector_kinds[i].kind, kind) == 0) {
            return &vector_kinds[i];
        }
    }
    return NULL;
}

/* Why a kind is left out; NULL: it is not. */
static inline const char *vector_reason(const char *kind)
{
    char word[128];
    size_t i;
    (void)snprintf(word, sizeof word, " %s ", kind);
    for (i = 0; i < sizeof vector_left_out / sizeof vector_left_out[0]; i++) {
        if (strstr(vector_left_out[i].kinds, word) != NULL) {
            return vector_left_out[i].why;
        }
    }
    return NULL;
}

#endif /* TEST_VECTOR_KINDS_H */
