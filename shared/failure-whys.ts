// What is said of each failure: a plain English sentence, and where a person can do something about it, what.

/** With the names of the values that vary in it; `cause` is what the system or a library calls it. */
export const failureWhysEn = {
  // What the server answered.
  'wants-login': '{host} wants a login (401). Give it one in the address, or in a rule for this host.',
  'proxy-wants-login': "The proxy on the way to {host} wants a login (407). It belongs into the proxy's address.",
  forbids:
    '{host} does not give this file away (403). It may want a login, cookies or a referrer: a rule for this host can have them.',
  'has-not': '{host} has no such file ({status}). Look whether the link is whole.',
  busy: '{host} is busy ({status}). Try again later, or with fewer connections to this host.',
  'has-trouble': '{host} has trouble ({status}). Try again later.',
  'answered-otherwise': '{host} answered {status} instead of the file. Look at the link in a browser.',
  'link-is-over':
    'The link to {host} does not work any more ({status}). Give the download a new one: what is here is kept.',
  'page-instead':
    'A web page came from {host} instead of the file. Open the link in a browser and give the download the address that the file has there.',
  'redirects-too-often': 'More than {most} redirects, the last one from {host}. It may want cookies, or a login.',
  'redirects-to-http':
    '{host} redirects from https to http ({to}), where anybody on the way can change the file. A setting allows it.',
  // What is wrong with an answer.
  'cannot-be-used': 'What {host} sent cannot be used: {because}.',
  'part-for-whole': 'a part was sent where the whole was asked for',
  'part-unlabelled': 'the part is not labelled with its range',
  'part-encoded': 'the part is encoded',
  'part-starts-late': 'the part starts {late} bytes too late',
  'part-unvouched': 'nothing in the answer says that it is of the same file',
  'range-refused': 'the range was refused',
  'brought-nothing': 'The answer brought nothing of what was asked for.',
  'brought-too-little': 'The answer brought less than was asked for.',
  'no-proper-head': 'The answer has no proper HTTP head.',
  'not-http': 'The answer is not HTTP ({cause}).',
  'unknown-encoding': 'The body is encoded as "{encoding}", which Sluice cannot decode.',
  'damaged-encoding': 'The encoded body is damaged ({cause}).',
  // Content that is another one.
  'mirror-differs': 'A mirror has other content: {because}.',
  'sources-differ': 'Two sources have other content: {because}.',
  'keeps-changing': 'The file keeps changing: {because}.',
  'sum-differs': 'The {algorithm} is {is} and should be {should}.',
  'pieces-count-differs': 'It has {is} pieces of {pieceBytes} bytes and should have {should}.',
  'pieces-differ': 'The {algorithm} of {bytes} bytes, in pieces of {pieceBytes}, is not what it should be.',
  // On the way to the server.
  'no-such-host': 'The host was not found ({cause}). Look at the link, and whether this computer is online.',
  'connection-refused': 'The connection was refused ({cause}). The server may be down, or its port another one.',
  'no-way-there': 'There is no way to this host ({cause}). Look whether this computer is online.',
  'connection-lost': 'The connection broke ({cause}).',
  'ended-early': 'The connection ended before all was here.',
  'took-too-long': 'It took too long ({cause}).',
  'no-connection': 'No connection came about within {seconds} s.',
  'no-answer': '{host} did not answer in time.',
  'nothing-came': 'Nothing came for {seconds} s.',
  'not-a-url': 'Not a URL: {text}',
  'not-http-url': 'Not http or https: {scheme}',
  'proxy-refused': 'The proxy did not let it through ({cause}).',
  'proxy-no-address': 'The proxy has no proper address.',
  'not-a-proxy': 'Not a proxy: {scheme}',
  // TLS.
  'certificate-over': 'The certificate of the server has expired ({cause}). A rule for this host can allow it.',
  'certificate-early': 'The certificate of the server is not valid yet ({cause}): look at the clock of this computer.',
  'certificate-own': 'The server vouches for itself ({cause}). A rule for this host can allow it.',
  'certificate-unknown':
    'Nobody known vouches for the certificate of the server ({cause}). A rule for this host can allow it.',
  'certificate-other':
    'The certificate of the server is that of another host ({cause}). A rule for this host can allow it.',
  'certificate-bad': 'The certificate of the server cannot be trusted ({cause}).',
  'tls-failed': 'No secure connection came about ({cause}).',
  // The disk.
  'no-room': 'There is no room left on the disk ({cause}).',
  'no-room-for-all':
    'There is not enough room in {dir} for this file ({bytes} bytes) and the others that are running. It goes on when there is.',
  'no-room-for-folder': 'There is no room to make the folder {dir}.',
  'disk-failed': 'The disk failed ({cause}).',
  'disk-refused': 'The system may not use the file ({cause}).',
  'not-there': 'A file or folder is not there any more ({cause}).',
  'may-not-write': 'Sluice may not write there ({cause}).',
  'may-not-write-into': 'Sluice may not write into {dir}. Choose another folder.',
  'path-too-long': 'The path is longer than this system takes ({cause}).',
  'folder-too-long': 'The path {dir} is longer than this system takes.',
  'no-folder': 'The folder {dir} cannot be made: a part of its path is a file. Choose another folder.',
  'folder-unusable': 'The folder {dir} cannot be used ({cause}).',
  'folder-moved':
    'The folder of {path} leads to {now}, and the download was begun in {folder}. Let it lead there again, then retry: elsewhere it begins anew.',
  'part-changed': 'The unfinished file was changed by another program.',
  'too-many-open': 'Too many files are open ({cause}).',
  'not-read-back': 'The finished file could not be read to send it back, since {since}.',
  // Sluice itself, and who helps it.
  'bytes-missing': 'Bytes are missing that were thought to be here.',
  'leased-twice': 'The download was leased twice.',
  'worker-ended': 'The worker process that held it ended {crashes} times in a row ({because}).',
  elsewhere: 'The Python program that took it says that it failed.',
  unexpected: 'Something happened that Sluice does not expect: {cause}',
  // What is added to another one.
  'mirror-too': '{first} Its mirror failed, too.',
  'mirrors-too': '{first} Its {others} mirrors failed, too.',
  'waited-in-vain': '{told} The server asked for a later time {times} times in a row and sent nothing meanwhile.',
} as const;
